/// SafetensorsWriter: writes one Hugging Face directory from all ranks, visible only when it is complete.
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

class BlockHasher;
class SaveEngine;
class TemporaryFile;
struct Occupant;
struct Replacement;

/// Writes the directory `path`: `model.safetensors`, or several files `model-00001-of-0000N.safetensors` with
/// `model.safetensors.index.json`, the model's `config.json` and its other files, and `distload.manifest.json`, which
/// lists all that, so that what others add later is known to be theirs. The partitions of the tensors do not matter.
class SafetensorsWriter : public ExtentWriter {
 public:
  /// Collective over `ranks` (host memory), which outlive the writer: creates the files, with space for all tensors.
  /// Folders above the directory are created if they are missing. Of `metadata` the text of config.json is written; if
  /// it is empty there will be none; its files are read, where they are not in memory, and written. The tensors and
  /// files of rank 0 count.
  ///
  /// It calls no HDF5, and after this another thread may write and commit.
  ///
  /// @param options      of which `shard_size`, `verify` and `overwrite` are used
  /// @param loaded       files and directories that are never replaced; sorted
  /// @throws ConfigError  a tensor's name is none that safetensors can store, or something has the directory's name, or
  ///                      is of the same step, and may not be replaced; on all ranks.
  /// @throws IoError      the files cannot be created, or are being written by another process, or one of the
  ///                      metadata's files cannot be read; on all ranks.
  /// @throws CorruptData  one of the metadata's files does not have its hash; on all ranks.
  SafetensorsWriter(std::string path, CheckpointMetadata metadata, std::span<TensorSpec const> tensors,
                    SaveOptions const& options, Communicator& ranks, std::vector<FileIdentity> loaded = {});

  /// Local: removes the directory if it was not committed.
  ~SafetensorsWriter() override;
  SafetensorsWriter(SafetensorsWriter const&) = delete;
  SafetensorsWriter& operator=(SafetensorsWriter const&) = delete;

  /// With `VerifyAfterWrite::full` it has checksums, although the files have none.
  Catalog const& catalog() const noexcept override { return catalog_; }
  void write(std::uint32_t extent, Bytes begin_bytes, std::span<std::byte const> bytes) override;
  WrittenBytes written() const noexcept override { return written_; }

  /// Collective, as ExtentWriter says. A directory that has the name already goes. Where the file system cannot
  /// exchange two names at once (Linux' own can, network file systems mostly not), it has the suffix `.replaced` for
  /// the moment between two renames.
  void commit() override;

 private:
  /// Rank 0: the files, under their temporary name.
  std::vector<std::byte> create(CheckpointMetadata metadata, std::span<TensorSpec const> tensors, Bytes shard_bytes);
  void check_complete();
  /// Rank 0: config.json, index and manifest; all small files to storage.
  void complete() const;
  void check_index() const;

  std::string path_;
  Communicator* ranks_;
  VerifyAfterWrite verify_;
  std::unique_ptr<Replacement const> replacement_;
  std::vector<Occupant> occupants_;  ///< on rank 0: what goes when the directory gets its name
  Catalog catalog_;
  std::string index_;                          ///< on rank 0: the text of the index, empty for a single file
  std::vector<Bytes> written_bytes_;           ///< of every extent, by this rank
  std::unique_ptr<TemporaryFile> unfinished_;  ///< on rank 0, from its creation until it has its name
  std::unique_ptr<BlockHasher> hasher_;        ///< only if everything is read back
  std::unique_ptr<SaveEngine> engine_;
  WrittenBytes written_;
};

}  // namespace distload
