/// Saver: writes a ShardedModel as a checkpoint, in the call or in the background.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/base/choices.hpp>
#include <distload/base/dtype.hpp>
#include <distload/checkpoint/catalog.hpp>
#include <distload/checkpoint/metadata.hpp>
#include <distload/config/config.hpp>
#include <distload/load/progress.hpp>
#include <distload/load/sharded_model.hpp>
#include <distload/parallel/communicator.hpp>
#include <distload/partition/model_layout.hpp>
#include <distload/partition/opened_checkpoint.hpp>
#include <distload/save/held_shard.hpp>
#include <distload/save/save_result.hpp>

namespace distload {

class ExtentWriter;
class SaveInFlight;
class SnapshotMemory;
struct SaveSource;
struct Replacement;
struct TensorSpec;

/// How `Saver::convert` reads.
struct ConvertOptions {
  /// `direct`, `buffered`, or `automatic`: `direct` unless most of the checkpoint is in the page cache. Others are
  /// replaced by `buffered`, as they cannot read in order.
  ReadEngine engine = ReadEngine::automatic;
  bool verify = true;               ///< verify the source's checksums, if it has any
  Bytes staging_bytes = 64 * kMiB;  ///< memory of a rank, for tensors of any size
  std::optional<DType> dtype =
      {};  ///< bf16, f16 or f32: type of floating-point tensors; nothing keeps the stored types
  std::uint32_t ranks_of_node = 1;  ///< that share this rank's storage
  /// Called with the bytes of the source that this rank has converted since the last call.
  std::function<void(Bytes)> on_progress = [](Bytes) {};
};

/// What a save will take of storage.
struct SavedSpace {
  std::string path;                ///< of the new checkpoint
  Bytes nbytes = 0;                ///< of all tensors and of the model's other files
  std::optional<Bytes> available;  ///< that its file system has; nothing if that is not known
};

/// Saves models into one directory. Every rank has a Saver with equal options, and all ranks make the same calls.
/// Destroy it before MPI ends.
///
/// Collective members first compare the ranks' calls. They throw ConfigError if ranks call different members, have
/// different options or save different steps, with names, values and ranks, and CommunicationError if a rank does not
/// make the call within `RuntimeOptions::timeout`, with its number; the group is unusable afterwards. They throw
/// ConfigError, on the rank concerned, if another thread of the process is inside Loader or Saver.
class Saver {
 public:
  /// Local. `progress` is called by the threads that call the saver, with phases "save" and "done". Of `runtime`,
  /// `timeout` is used.
  /// @throws ConfigError  as validate, of `options` and `runtime`.
  explicit Saver(SaveOptions options, ProgressSink progress = {}, RuntimeOptions runtime = {});

  /// Local: waits for a save in flight; its errors are lost.
  ~Saver();
  Saver(Saver const&) = delete;
  Saver& operator=(Saver const&) = delete;

  /// Local: checks, before a model is loaded, that it can be saved.
  /// @throws ConfigError  parameters cannot be cut for an HDF5 file's `tensor_parallel`, or cannot be stored by
  ///                      safetensors: lists them; `files` names a file that the catalog does not have, or the files
  ///                      are too large.
  void check(Catalog const& catalog, ModelLayout const& layout) const;

  /// Local, for one rank: checks that the directory exists and is writable, or can be made.
  /// @param may_touch  make and remove an empty file there, which detects more than permissions do
  /// @throws IoError  it is not, with the folder and the system's reason.
  void check_directory(bool may_touch) const;

  /// Local, for rank 0: reads the model's other files that a save of this metadata writes, and keeps them in memory for
  /// all saves. Otherwise the first save reads them, and fails if they have changed since the checkpoint was opened.
  /// @throws ConfigError           as `check`, of files.
  /// @throws IoError, CorruptData  as content_of.
  void keep_files(CheckpointMetadata const& metadata);

  /// Local, for one rank: checks that the file system has the space for a checkpoint of those parameters, cast to
  /// `dtype` if given, and that the system permits files of that size.
  /// @throws IoError  it has not, with the bytes needed and available.
  void check_space(OpenedCheckpoint const& checkpoint, std::optional<DType> dtype) const;

  /// Local, for one rank: what a checkpoint of those parameters, cast to `dtype` if given, will take.
  SavedSpace space(OpenedCheckpoint const& checkpoint, std::optional<DType> dtype) const;

  /// Collective over `ranks`: checks that the checkpoint's step, or `step`, can be saved: that the directory has
  /// nothing at its place, or what may be replaced. All saves check that as well, before they write.
  /// @throws ConfigError  something may not be replaced: names model, step, size, date, the reason and the setting that
  ///                      would help; on all ranks.
  /// @throws NoValidCheckpoint, CorruptData, IoError  `base` is not a valid checkpoint; on all ranks.
  void check_target(OpenedCheckpoint const& checkpoint, Communicator& ranks) const;

  /// Collective over `ranks` (host memory, all ranks of the model's topology, in its order): writes
  /// `directory`/model-step-N.h5, or the Hugging Face directory `directory`/model-step-N, N being `step` or else
  /// `metadata.step`, and removes checkpoints that `keep` does not keep.
  ///
  /// Every tensor is written once, without padding, under its own name and not its aliases'. The checkpoint appears
  /// when it is complete and on storage; after a crash the directory is as before. Stores the members of `metadata`
  /// that the format has room for; `model_size`, `created`, `tensor_parallel` and `writer` are the new file's own. Of
  /// rank 0's `metadata.files` it writes those that `SaveOptions::files` selects. Waits for a save in flight first.
  /// @throws IoError      storage failed; on all ranks.
  /// @throws CorruptData  storage does not give back what was written; on all ranks.
  /// @throws ConfigError  as `check_target`, or `ranks` are not those of the model's topology in its order.
  /// @throws ConfigError, NoValidCheckpoint  `base` is not a valid checkpoint.
  /// @throws ConfigError, IoError, CorruptData  of the model's other files, as `keep_files`; on all ranks.
  SaveResult save(ShardedModel const& model, CheckpointMetadata metadata, Communicator& ranks);

  /// Collective over `ranks`: the same of shards in memory of the caller, which do not change meanwhile. All of
  /// `metadata` but `files` is stored as it is; an HDF5 file has every tensor in one piece.
  /// @throws ConfigError  as `save`; or ranks describe a tensor differently, or no rank holds some part of it; on all
  ///                      ranks.
  SaveResult save(std::span<HeldShard const> own, CheckpointMetadata metadata, Communicator& ranks);

  /// Collective over `ranks` (host memory): as `save`, but copies the parameters of a checkpoint without loading them,
  /// in pieces, with at most `options.staging_bytes` of memory per rank. An HDF5 file has the layout of
  /// `tensor_parallel` ranks, unless `SaveOptions::tensor_parallel` is set.
  /// @throws ConfigError  as `save`, or an option is out of range; on all ranks.
  /// @throws CorruptData  a block's XXH3-64 differs: names tensor, file and byte range; on all ranks.
  /// @throws OutOfBudget  `options.staging_bytes` cannot hold a block of the source; on all ranks.
  SaveResult convert(OpenedCheckpoint const& checkpoint, ConvertOptions options, std::uint32_t tensor_parallel,
                     Communicator& ranks);

  /// Collective: as `save`, but returns when this rank's shards have been copied; a thread writes them, with a
  /// communicator of its own, so that model and `ranks` may be used meanwhile. Without MPI_THREAD_MULTIPLE it saves
  /// before it returns. First waits for the save in flight, if there is one, and throws its failure. `ranks` outlives
  /// the save.
  /// @throws ConfigError  as `save`, or the engine is `collective`, which cannot run in a thread of its own.
  /// @throws IoError      as `save`, of creating the file, and of the previous save.
  void save_async(ShardedModel const& model, CheckpointMetadata metadata, Communicator& ranks);

  /// Collective: the same of shards in memory of the caller.
  void save_async(std::span<HeldShard const> own, CheckpointMetadata metadata, Communicator& ranks);

  /// Collective: waits for the save in flight, then removes checkpoints that `keep` does not keep.
  /// @returns what the save took; nothing if none is in flight.
  /// @throws IoError, CorruptData  as `save`, on all ranks. The save is not in flight any more.
  std::optional<SaveResult> wait();

 private:
  /// Collective: what is to be saved.
  using Gather = std::function<SaveSource(Communicator&)>;

  SaveResult save(Gather const& gather, CheckpointMetadata metadata, Communicator& ranks);
  void save_async(Gather const& gather, CheckpointMetadata metadata, Communicator& ranks);
  std::unique_ptr<ExtentWriter> make_writer(std::string const& path, CheckpointMetadata metadata,
                                            std::vector<TensorSpec> const& tensors, std::uint32_t tensor_parallel,
                                            std::span<FileIdentity const> loaded, Communicator& ranks);
  /// Collective: the base, if there is one.
  std::shared_ptr<Catalog const> opened_base(Communicator& ranks) const;
  /// Collective: what may be replaced by a checkpoint at `path`, after a check that it is no more than that.
  Replacement checked_target(std::string const& path, std::span<FileIdentity const> loaded, Catalog const* base,
                             Communicator& ranks) const;
  /// With step and name as the options say.
  CheckpointMetadata to_save(CheckpointMetadata metadata) const;
  /// Local: `files` as they are saved, in memory.
  std::vector<CarriedFile> loaded_files(std::vector<CarriedFile> const& files) const;
  std::string path_of(std::uint64_t step) const;
  WriteEngine engine() const;
  /// The size of the largest file of a checkpoint.
  Bytes largest_file(OpenedCheckpoint const& checkpoint, std::optional<DType> dtype) const;
  void remove_old(std::uint64_t step, Communicator& ranks) const;
  /// Collective: the ranks find out whether all call `call` with equal options.
  /// @param further  names and values of the call's own options
  void meet(std::string call, std::uint64_t step, Communicator& ranks,
            std::vector<std::pair<std::string, std::string>> const& further = {}) const;
  void report_progress(Bytes done, Bytes own, Bytes total, std::chrono::steady_clock::time_point start) const;
  void report_end(Bytes total, std::chrono::steady_clock::time_point start) const;
  /// Collective: the memory for a snapshot in so many parts, each of up to `part_bytes`.
  void prepare_memory(std::size_t parts, Bytes part_bytes, Communicator& ranks);

  SaveOptions options_;
  RuntimeOptions runtime_;
  ProgressSink progress_;
  std::vector<CarriedFile> kept_files_;             ///< on rank 0: the files of the last save, in memory
  std::unique_ptr<Communicator> background_ranks_;  ///< from the first `save_async` on
  Communicator const* background_of_ = nullptr;     ///< what `background_ranks_` was split from; only compared
  std::uint32_t ranks_on_node_ = 0;                 ///< from the first `save_async` on
  std::unique_ptr<SnapshotMemory> memory_;          ///< likewise
  std::unique_ptr<SaveInFlight> in_flight_;         ///< uses both
  std::optional<SaveResult> finished_;              ///< by `save_async`, where it cannot do anything in the background
};

}  // namespace distload
