/// CheckpointWriter: writes one HDF5 file from all ranks, visible only when it is complete.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <distload/base/file_identity.hpp>
#include <distload/config/config.hpp>
#include <distload/parallel/communicator.hpp>

#include "save/extent_writer.hpp"
#include "save/tensor_spec.hpp"

namespace distload {

namespace hdf5 {
class FileCompletion;
}
class BaseBlocks;
class BlockHasher;
class SaveEngine;
class TemporaryFile;
struct Occupant;
struct Replacement;

/// Writes `path`. Until `commit` returns, the file has a temporary name, and an existing file at `path` is unchanged.
///
/// The file's extents are fixed at creation. Each block of each extent is written exactly once, by any rank:
///
///     CheckpointWriter writer("out/model-step-3.h5", metadata, tensors, {.tensor_parallel = 4}, ranks);
///     for (auto const extent : my_share_of(writer.catalog())) writer.write(extent, 0, bytes_of(extent));
///     writer.commit();
class CheckpointWriter : public ExtentWriter {
 public:
  /// Collective over `ranks` (host memory), which must outlive the writer: creates the file with space for all tensors.
  /// Creates a missing folder, and removes unfinished files that crashed writers have left in it. Sets `model_size` and
  /// `tensor_parallel` of the metadata, and `created` and `writer` if empty. Stores the metadata's carried files and
  /// reads those that are not in memory. Uses the tensors and files of rank 0.
  ///
  /// Calls HDF5; with the collective engine `write` and `commit` do so too. With the direct engine another thread may
  /// call both.
  /// @param options      uses `tensor_parallel` (sharded tensors are stored in chunks of one shard of that many ranks;
  ///                      default 1), `alignment`, `engine`, `verify` and `overwrite`
  /// @param base         an older checkpoint whose blocks may be reused; or nullptr
  /// @param loaded       files and directories that must never be replaced; sorted
  /// @throws IoError      the file cannot be created, another process is writing it, or a carried file cannot be read;
  ///                      on all ranks.
  /// @throws CorruptData  a carried file differs from its hash; on all ranks.
  /// @throws ConfigError  a checkpoint with this name or step exists and may not be replaced; on all ranks.
  CheckpointWriter(std::string path, CheckpointMetadata metadata, std::span<TensorSpec const> tensors,
                   SaveOptions const& options, Communicator& ranks, std::shared_ptr<Catalog const> base = {},
                   std::vector<FileIdentity> loaded = {});

  /// Local: removes the file unless it was committed.
  ~CheckpointWriter() override;
  CheckpointWriter(CheckpointWriter const&) = delete;
  CheckpointWriter& operator=(CheckpointWriter const&) = delete;

  /// As in ExtentWriter. The block hashes are valid after `commit`.
  Catalog const& catalog() const noexcept override { return catalog_; }
  void write(std::uint32_t extent, Bytes begin_bytes, std::span<std::byte const> bytes) override;
  WrittenBytes written() const noexcept override { return written_; }
  void commit() override;

 private:
  /// Rank 0: creates the file under its temporary name.
  std::vector<std::byte> create(CheckpointMetadata metadata, std::span<TensorSpec const> tensors,
                                SaveOptions const& options);
  void write_out(std::uint32_t extent, Bytes begin_bytes, std::span<std::byte const> bytes);
  void collect_hashes();
  /// Rank 0: writes checksums, mark and stamp.
  void complete() const;
  void check_index() const;

  std::string path_;
  Communicator* ranks_;
  VerifyAfterWrite verify_;
  std::unique_ptr<Replacement const> replacement_;
  std::vector<Occupant> occupants_;  ///< on rank 0: what the file replaces
  Catalog catalog_;
  std::shared_ptr<Catalog const> base_catalog_;
  std::unique_ptr<TemporaryFile> unfinished_;         ///< on rank 0, from the file's creation until its final rename
  std::unique_ptr<hdf5::FileCompletion> completion_;  ///< on rank 0
  std::unique_ptr<BlockHasher> hasher_;
  std::unique_ptr<BaseBlocks> base_;  ///< null without a base
  std::unique_ptr<SaveEngine> engine_;
  WrittenBytes written_;
};

}  // namespace distload
