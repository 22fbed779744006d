/// Saver: from a ShardedModel to a committed checkpoint, at once or in the background.
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
#include <distload/save/save_result.hpp>

namespace distload {

class ExtentWriter;
class SaveInFlight;
class SnapshotMemory;
struct Replacement;
struct TensorSpec;

/// How `Saver::convert` reads.
struct ConvertOptions {
  /// `direct`, `buffered`, or `automatic`: past the page cache, unless most of the checkpoint is there. The others
  /// cannot read in order, and `buffered` takes their place.
  ReadEngine engine = ReadEngine::automatic;
  bool verify = true;               ///< hold every block of the source against its checksum, if it has one
  Bytes staging_bytes = 64 * kMiB;  ///< memory of a rank, whatever the size of a tensor
  std::optional<DType> dtype;       ///< type of what can be cast to it; nothing keeps the stored types
  std::uint32_t ranks_of_node = 1;  ///< that share this rank's storage
  /// Called now and then with the bytes of the source that this rank has converted since the last call.
  std::function<void(Bytes)> on_progress = [](Bytes) {};
};

/// Saves models into one directory. Every rank has a Saver with equal options, and all call it alike. Destroy it before
/// MPI ends.
///
/// Collective members begin with a meeting of the ranks, which throws ConfigError if they call different members, have
/// different options or save different steps, naming what differs and where, and CommunicationError if a rank does not
/// come within `RuntimeOptions::timeout`, naming it.
class Saver {
 public:
  /// Local. `progress` is called by the threads that call the saver, with phases "save" and "done".
  /// Of `runtime`, `timeout` is how long a call waits for the ranks that have not made it.
  /// @throws ConfigError  as validate, of `options`.
  explicit Saver(SaveOptions options, ProgressSink progress = {}, RuntimeOptions runtime = {});

  /// Waits for a save in flight, whose errors are lost then.
  ~Saver();
  Saver(Saver const&) = delete;
  Saver& operator=(Saver const&) = delete;

  /// Local: what can be known to go wrong before a model is loaded, so that no load is started in vain.
  /// @throws ConfigError  listing the parameters that cannot be cut for an HDF5 file's `tensor_parallel`, or that
  ///                      safetensors cannot store, or the model's other files, of which `files` names some that the
  ///                      catalog has not, or which are too large.
  void check(Catalog const& catalog, ModelLayout const& layout) const;

  /// Local, for one rank: whether the directory is there and can be written to, or can be made.
  /// @param may_touch  an empty file may be made and removed to find out, which tells more than permissions do
  /// @throws IoError  it cannot, with the folder and the system's reason.
  void check_directory(bool may_touch) const;

  /// Local, for rank 0: reads the model's other files that a save of this metadata takes along, and keeps them in
  /// memory. Without it the first save does that, and fails if they have been changed or removed since the checkpoint
  /// was opened; later saves of the same files do not need their source any more, which may be a step that `keep` has
  /// not kept.
  /// @throws ConfigError           as `check`, of files.
  /// @throws IoError, CorruptData  as content_of.
  void keep_files(CheckpointMetadata const& metadata);

  /// Local, for one rank: whether the file system has the space for a checkpoint of those parameters, cast to `dtype`
  /// if there is one, and the system permits files of that size.
  /// @throws IoError  it has not, or does not, with the bytes needed and available.
  void check_space(OpenedCheckpoint const& checkpoint, std::optional<DType> dtype) const;

  /// Collective over `ranks`: whether the checkpoint's step, or `step`, can be saved: nothing of it is in the directory
  /// that may not be replaced. `save` and the others check that themselves, before they write anything.
  /// @throws ConfigError  naming what is there (model, step, size, date), why it stays, and what would help; on all
  ///                      ranks.
  /// @throws NoValidCheckpoint, CorruptData, IoError  `base` is none; on all ranks.
  void check_target(OpenedCheckpoint const& checkpoint, Communicator& ranks) const;

  /// Collective over `ranks` (host memory, all ranks of the model's topology, in its order): writes
  /// `directory`/model-step-N.h5, or the Hugging Face directory `directory`/model-step-N, N being `step` or else
  /// `metadata.step`, and removes checkpoints that `keep` does not keep.
  ///
  /// Every tensor is written once, without padding and under its own name only. The checkpoint appears when it is
  /// complete and on storage; a crash at any instant leaves what was there before. Of `metadata` all is stored that the
  /// format has room for, but `model_size`, `created`, `tensor_parallel` and `writer`, which are the new file's own; of
  /// its files, those of rank 0, what `SaveOptions::files` says. A model that was loaded brings those of its
  /// checkpoint. Waits for a save in flight first.
  /// @throws IoError      storage failed; on all ranks.
  /// @throws CorruptData  storage does not give back what was written; on all ranks.
  /// @throws ConfigError  as `check_target`.
  /// @throws ConfigError, NoValidCheckpoint  `base` is none.
  /// @throws ConfigError, IoError, CorruptData  of the model's other files, as `keep_files`; on all ranks.
  SaveResult save(ShardedModel const& model, CheckpointMetadata metadata, Communicator& ranks);

  /// Collective over `ranks` (host memory): as `save`, of the parameters of a checkpoint, which nobody loads: they go
  /// from one file to the other in pieces, with no more memory than `options.staging_bytes` per rank. An HDF5 file that
  /// is not told otherwise gets the layout of `tensor_parallel` ranks.
  /// @throws CorruptData, OutOfBudget  as convert_checkpoint; on all ranks.
  SaveResult convert(OpenedCheckpoint const& checkpoint, ConvertOptions options, std::uint32_t tensor_parallel,
                     Communicator& ranks);

  /// Collective: as `save`, but returns as soon as what this rank contributes has been copied; the rest happens in the
  /// background, with messages of its own, so that model and `ranks` may be used. Wants MPI_THREAD_MULTIPLE, without
  /// which it saves before it returns. Waits for the save in flight first, if there is one, and throws what that has
  /// met; then nothing is begun. `ranks` outlives the save.
  /// @throws ConfigError  the engine is `collective`: HDF5 is not made for several threads; or as `check_target`.
  /// @throws IoError      as `save`, of creating the file, and of the save before.
  void save_async(ShardedModel const& model, CheckpointMetadata metadata, Communicator& ranks);

  /// Collective: waits for the save in flight, then removes checkpoints that `keep` does not keep.
  /// @returns what it took; nothing if none is in flight.
  /// @throws IoError, CorruptData  as `save`, on all ranks. Then there is none in flight any more.
  std::optional<SaveResult> wait();

 private:
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
  void meet(std::string call, std::uint64_t step, Communicator& ranks) const;
  void report_progress(Bytes done, Bytes own, Bytes total, std::chrono::steady_clock::time_point start) const;
  void report_end(Bytes total, std::chrono::steady_clock::time_point start) const;
  /// Collective: the memory for a snapshot in so many parts, each of up to `part_bytes`.
  void prepare_memory(std::size_t parts, Bytes part_bytes, Communicator& ranks);

  SaveOptions options_;
  RuntimeOptions runtime_;
  ProgressSink progress_;
  std::vector<CarriedFile> kept_files_;             ///< on rank 0: the files of the last save, in memory
  std::unique_ptr<Communicator> background_ranks_;  ///< from the first `save_async` on
  std::uint32_t ranks_on_node_ = 0;                 ///< likewise
  std::unique_ptr<SnapshotMemory> memory_;          ///< likewise
  std::unique_ptr<SaveInFlight> in_flight_;         ///< uses both
  std::optional<SaveResult> finished_;              ///< by `save_async`, where it cannot do anything in the background
};

}  // namespace distload
