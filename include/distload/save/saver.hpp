/// Saver: from a ShardedModel to a committed checkpoint.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <distload/base/bytes.hpp>
#include <distload/checkpoint/catalog.hpp>
#include <distload/checkpoint/metadata.hpp>
#include <distload/load/sharded_model.hpp>
#include <distload/parallel/communicator.hpp>
#include <distload/partition/model_layout.hpp>

namespace distload {

struct SaveOptions {
  std::string directory;                         ///< where the checkpoint is put; made if it is missing
  std::optional<std::uint32_t> tensor_parallel;  ///< layout of an HDF5 file; nothing: as the model is cut now
  std::uint64_t keep = 0;                        ///< steps to keep in the directory, the newest ones; 0 keeps all
  Bytes alignment =
      4 * kKiB;  ///< of tensors in an HDF5 file, a power of two; raise it to the stripe size of a parallel file system
  Bytes staging =
      64 * kMiB;  ///< host memory per rank for what cannot be written straight from a shard; at least 8 MiB are used
  SourceFormat format = SourceFormat::hdf5;
  Bytes shard_size = 5'000'000'000;  ///< data in one safetensors file at most, unless one tensor is larger
};

/// Saves models into one directory. Of no rank in particular: every rank has its own, with equal options.
class Saver {
 public:
  explicit Saver(SaveOptions options);

  /// Local: what can be known to go wrong before a model is loaded, so that nobody waits for a load in vain.
  /// @throws ConfigError  listing the parameters that cannot be cut for an HDF5 file's `tensor_parallel`, or that
  ///                      safetensors cannot store.
  void check(Catalog const& catalog, ModelLayout const& layout) const;

  /// Collective over `ranks` (host memory, all ranks of the model's topology, in its order): writes
  /// `directory`/model-step-N.h5, or the Hugging Face directory `directory`/model-step-N, N being `metadata.step`, and
  /// removes checkpoints that `keep` does not keep.
  ///
  /// Every tensor is written once, without padding and under its own name only. The checkpoint appears when it is
  /// complete and on storage; a crash at any instant leaves what was there before. See CheckpointWriter and
  /// SafetensorsWriter for what of `metadata` is filled in and what is stored.
  /// @returns its path, on all ranks.
  /// @throws IoError  storage failed; on all ranks.
  std::string save(ShardedModel const& model, CheckpointMetadata metadata, Communicator& ranks) const;

 private:
  SaveOptions options_;
};

}  // namespace distload
