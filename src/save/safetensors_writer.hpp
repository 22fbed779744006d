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
/// `model.safetensors.index.json`, the model's `config.json`, its carried files, and `distload.manifest.json`, which
/// lists them, so that files added by others can be recognised. The tensors' partitions have no effect.
class SafetensorsWriter : public ExtentWriter {
 public:
  /// Collective over `ranks` (host memory), which must outlive the writer: creates the files, with space for all
  /// tensors, and missing parent folders. Writes the text of config.json from `metadata`, unless it is empty, and the
  /// carried files; reads those that are not in memory. Uses the tensors and files of rank 0.
  ///
  /// Calls no HDF5. Afterwards another thread may write and commit.
  ///
  /// @param options      uses `shard_size`, `verify` and `overwrite`
  /// @param loaded       files and directories that must never be replaced; sorted
  /// @throws ConfigError  safetensors cannot store a tensor's name, or a checkpoint with this name or step exists and
  ///                      may not be replaced; on all ranks.
  /// @throws IoError      the files cannot be created, another process is writing them, or a carried file cannot be
  ///                      read; on all ranks.
  /// @throws CorruptData  a carried file differs from its hash; on all ranks.
  SafetensorsWriter(std::string path, CheckpointMetadata metadata, std::span<TensorSpec const> tensors,
                    SaveOptions const& options, Communicator& ranks, std::vector<FileIdentity> loaded = {});

  /// Local: removes the directory unless it was committed.
  ~SafetensorsWriter() override;
  SafetensorsWriter(SafetensorsWriter const&) = delete;
  SafetensorsWriter& operator=(SafetensorsWriter const&) = delete;

  /// With `VerifyAfterWrite::full` it has checksums, although the files contain none.
  Catalog const& catalog() const noexcept override { return catalog_; }
  void write(std::uint32_t extent, Bytes begin_bytes, std::span<std::byte const> bytes) override;
  WrittenBytes written() const noexcept override { return written_; }

  /// Collective, as in ExtentWriter. Removes a replaced directory. If the file system cannot exchange two names (Linux
  /// file systems mostly can, network file systems mostly cannot), the replaced directory has the suffix `.replaced`
  /// between two renames.
  void commit() override;

 private:
  /// Rank 0: creates the files under their temporary name.
  std::vector<std::byte> create(CheckpointMetadata metadata, std::span<TensorSpec const> tensors, Bytes shard_bytes);
  void check_complete();
  /// Rank 0: writes config.json, index and manifest; syncs all small files.
  void complete() const;
  void check_index() const;

  std::string path_;
  Communicator* ranks_;
  VerifyAfterWrite verify_;
  std::unique_ptr<Replacement const> replacement_;
  std::vector<Occupant> occupants_;  ///< on rank 0: what the directory replaces
  Catalog catalog_;
  std::string index_;                          ///< on rank 0: the text of the index, empty for a single file
  std::vector<Bytes> written_bytes_;           ///< of every extent, by this rank
  std::unique_ptr<TemporaryFile> unfinished_;  ///< on rank 0, from the directory's creation until its final rename
  std::unique_ptr<BlockHasher> hasher_;        ///< only if everything is read back
  std::unique_ptr<SaveEngine> engine_;
  WrittenBytes written_;
};

}  // namespace distload
