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

/// Writes `path`. Until `commit` has returned, the file has another name, and whatever was at `path` stays.
///
/// The file's extents are fixed when it is created. Each block of each extent is written once, by any rank, from
/// wherever its bytes come:
///
///     CheckpointWriter writer("out/model-step-3.h5", metadata, tensors, {.tensor_parallel = 4}, ranks);
///     for (auto const extent : my_share_of(writer.catalog())) writer.write(extent, 0, bytes_of(extent));
///     writer.commit();
class CheckpointWriter : public ExtentWriter {
 public:
  /// Collective over `ranks` (host memory), which outlive the writer: creates the file with space for all tensors. The
  /// folder is created if it is missing, and what crashed writers have left in it goes. Of `metadata`, `model_size` and
  /// `tensor_parallel` are set here, `created` and `writer` where empty; its files are read, where they are not in
  /// memory, and stored. The tensors and files of rank 0 count.
  ///
  /// This calls HDF5, and with the collective engine so do `write` and `commit`. With the direct engine another thread
  /// may do both.
  /// @param options      of which `tensor_parallel` (the layout of the file: sharded tensors are stored in chunks of
  /// one
  ///                     of so many ranks' shard; nothing: 1), `alignment`, `engine`, `verify` and `overwrite` are
  ///                     used
  /// @param base         an older checkpoint, whose blocks may be reused; or nothing
  /// @param loaded       files and directories that are never replaced; sorted
  /// @throws IoError      the file cannot be created, or is being written by another process, or one of the metadata's
  ///                      files cannot be read; on all ranks.
  /// @throws CorruptData  one of the metadata's files does not have its hash; on all ranks.
  /// @throws ConfigError  something has its name, or is of the same step, and may not be replaced; on all ranks.
  CheckpointWriter(std::string path, CheckpointMetadata metadata, std::span<TensorSpec const> tensors,
                   SaveOptions const& options, Communicator& ranks, std::shared_ptr<Catalog const> base = {},
                   std::vector<FileIdentity> loaded = {});

  /// Local: removes the file if it was not committed.
  ~CheckpointWriter() override;
  CheckpointWriter(CheckpointWriter const&) = delete;
  CheckpointWriter& operator=(CheckpointWriter const&) = delete;

  /// As ExtentWriter says. The block hashes are not known before `commit`.
  Catalog const& catalog() const noexcept override { return catalog_; }
  void write(std::uint32_t extent, Bytes begin_bytes, std::span<std::byte const> bytes) override;
  WrittenBytes written() const noexcept override { return written_; }
  void commit() override;

 private:
  /// Rank 0: the file, under its temporary name.
  std::vector<std::byte> create(CheckpointMetadata metadata, std::span<TensorSpec const> tensors,
                                SaveOptions const& options);
  void write_out(std::uint32_t extent, Bytes begin_bytes, std::span<std::byte const> bytes);
  void collect_hashes();
  /// Rank 0: checksums, mark and stamp.
  void complete() const;
  void check_index() const;

  std::string path_;
  Communicator* ranks_;
  VerifyAfterWrite verify_;
  std::unique_ptr<Replacement const> replacement_;
  std::vector<Occupant> occupants_;  ///< on rank 0: what goes when the file gets its name
  Catalog catalog_;
  std::shared_ptr<Catalog const> base_catalog_;
  std::unique_ptr<TemporaryFile> unfinished_;         ///< on rank 0, from its creation until it has its name
  std::unique_ptr<hdf5::FileCompletion> completion_;  ///< on rank 0
  std::unique_ptr<BlockHasher> hasher_;
  std::unique_ptr<BaseBlocks> base_;  ///< nothing without a base
  std::unique_ptr<SaveEngine> engine_;
  WrittenBytes written_;
};

}  // namespace distload
