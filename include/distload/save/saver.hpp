/// Saver: from a ShardedModel to a committed checkpoint, at once or in the background.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/checkpoint/catalog.hpp>
#include <distload/checkpoint/metadata.hpp>
#include <distload/load/progress.hpp>
#include <distload/load/sharded_model.hpp>
#include <distload/parallel/communicator.hpp>
#include <distload/partition/model_layout.hpp>
#include <distload/save/convert_checkpoint.hpp>
#include <distload/save/extent_writer.hpp>
#include <distload/save/verify_after_write.hpp>

namespace distload {

class SaveInFlight;
class SnapshotMemory;
struct TensorSpec;

struct SaveOptions {
  std::string directory = {};  ///< where the checkpoint is put; made if it is missing
  /// Layout of an HDF5 file; nothing: as the model is cut now.
  std::optional<std::uint32_t> tensor_parallel = std::nullopt;
  std::uint64_t keep = 0;  ///< steps to keep in the directory, the newest ones; 0 keeps all
  Bytes alignment =
      4 * kKiB;  ///< of tensors in an HDF5 file, a power of two; raise it to the stripe size of a parallel file system
  Bytes staging =
      64 * kMiB;  ///< host memory per rank for what cannot be written straight from a shard; at least 8 MiB are used
  SourceFormat format = SourceFormat::hdf5;
  Bytes shard_size = 5'000'000'000;  ///< data in one safetensors file at most, unless one tensor is larger
  std::string engine = "auto";       ///< "direct", "collective" (HDF5 files only), or "auto": direct
  VerifyAfterWrite verify = VerifyAfterWrite::index;
  /// Path of an older HDF5 checkpoint, or of a directory of them, of which the newest counts: its blocks may be taken
  /// over. Empty: everything is written.
  std::string base = {};
  /// Host memory per rank for the copy that `save_async` makes, which the saver keeps; what does not fit is copied
  /// when something else has been written, and waited for. Nothing: as much as the copy needs, but not more than half
  /// of this rank's share of the free memory.
  std::optional<Bytes> async_staging = std::nullopt;
  /// Names of those of `CheckpointMetadata::files` that are saved with the model; empty: none. Nothing: those that go
  /// along by default, up to kMostBytesByDefault together.
  std::optional<std::vector<std::string>> files = std::nullopt;
  /// How long a call waits for the ranks that have not made it.
  std::chrono::milliseconds timeout{300'000};
};

/// What a save took; equal on all ranks, but for the seconds, which each has measured.
struct SaveResult {
  std::string path;
  std::string engine;
  double seconds = 0;        ///< from the call until the checkpoint had its name
  double stall_seconds = 0;  ///< that this rank's caller has waited
  Bytes checkpoint_bytes = 0;
  WrittenBytes bytes;           ///< of all ranks
  Bytes read_bytes = 0;         ///< of a conversion: from the source, by all ranks
  EngineInUse read_engine;      ///< of a conversion
  std::uint64_t overflows = 0;  ///< of a conversion: numbers that were finite and have become infinite
};

/// Saves models into one directory. Of no rank in particular: every rank has its own, with equal options, and all call
/// it alike. Destroy it before MPI ends.
///
/// Collective members begin with a meeting of the ranks, which throws ConfigError if they call different members, have
/// different options or save different steps, naming what differs and where, and CommunicationError if a rank does not
/// come within `SaveOptions::timeout`, naming it.
class Saver {
 public:
  /// Local. `progress` is called by the threads that call the saver, with phases "save" and "done".
  explicit Saver(SaveOptions options, ProgressSink progress = {});

  /// Waits for a save in flight, whose errors are lost then.
  ~Saver();
  Saver(Saver const&) = delete;
  Saver& operator=(Saver const&) = delete;

  /// Local: what can be known to go wrong before a model is loaded, so that nobody waits for a load in vain.
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

  /// Collective over `ranks` (host memory, all ranks of the model's topology, in its order): writes
  /// `directory`/model-step-N.h5, or the Hugging Face directory `directory`/model-step-N, N being `metadata.step`, and
  /// removes checkpoints that `keep` does not keep.
  ///
  /// Every tensor is written once, without padding and under its own name only. The checkpoint appears when it is
  /// complete and on storage; a crash at any instant leaves what was there before. Of `metadata` all is stored that the
  /// format has room for, but `model_size`, `created`, `tensor_parallel` and `writer`, which are the new file's own; of
  /// its files, those of rank 0, what `SaveOptions::files` says. A model that was loaded brings those of its
  /// checkpoint. Waits for a save in flight first.
  /// @throws IoError      storage failed; on all ranks.
  /// @throws CorruptData  storage does not give back what was written; on all ranks.
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
  /// @throws ConfigError  the engine is "collective": HDF5 is not made for several threads.
  /// @throws IoError      as `save`, of creating the file, and of the save before.
  void save_async(ShardedModel const& model, CheckpointMetadata metadata, Communicator& ranks);

  /// Collective: waits for the save in flight, then removes checkpoints that `keep` does not keep.
  /// @returns what it took; nothing if none is in flight.
  /// @throws IoError, CorruptData  as `save`, on all ranks. Then there is none in flight any more.
  std::optional<SaveResult> wait();

 private:
  std::unique_ptr<ExtentWriter> make_writer(std::string const& path, CheckpointMetadata metadata,
                                            std::vector<TensorSpec> const& tensors, std::uint32_t tensor_parallel,
                                            Communicator& ranks);
  /// Local: `files` as they are saved, in memory.
  std::vector<CarriedFile> loaded_files(std::vector<CarriedFile> const& files) const;
  std::string path_of(std::uint64_t step) const;
  std::string_view engine() const;
  /// The size of the largest file of a checkpoint.
  Bytes largest_file(OpenedCheckpoint const& checkpoint, std::optional<DType> dtype) const;
  void remove_old(std::uint64_t step, Communicator& ranks) const;
  /// Collective: the ranks find out whether all call `call` with equal options.
  void meet(std::string call, std::uint64_t step, Communicator& ranks) const;
  void tell(Bytes done, Bytes own, Bytes total, std::chrono::steady_clock::time_point start) const;
  void tell_end(Bytes total, std::chrono::steady_clock::time_point start) const;
  /// Collective: the memory for a snapshot in so many parts, each of up to `part_bytes`.
  void prepare_memory(std::size_t parts, Bytes part_bytes, Communicator& ranks);

  SaveOptions options_;
  ProgressSink progress_;
  std::vector<CarriedFile> kept_files_;             ///< on rank 0: the files of the last save, in memory
  std::unique_ptr<Communicator> background_ranks_;  ///< from the first `save_async` on
  std::uint32_t ranks_on_node_ = 0;                 ///< likewise
  std::unique_ptr<SnapshotMemory> memory_;          ///< likewise
  std::unique_ptr<SaveInFlight> in_flight_;         ///< uses both
  std::optional<SaveResult> finished_;              ///< by `save_async`, where it cannot do anything in the background
};

}  // namespace distload
