// Creates, fills and commits a checkpoint file.
#include "save/checkpoint_writer.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

#include <distload/base/error.hpp>
#include <distload/version.hpp>

#include "base/fault.hpp"
#include "base/text.hpp"
#include "base/utc.hpp"
#include "checkpoint/catalog_message.hpp"
#include "checkpoint/file_name.hpp"
#include "checkpoint/files/choose_files.hpp"
#include "checkpoint/files/load_files.hpp"
#include "checkpoint/hdf5/lay_out_file.hpp"
#include "checkpoint/packed_shape.hpp"
#include "io/files/input_file.hpp"
#include "parallel/all_or_throw.hpp"
#include "parallel/mpi_communicator.hpp"
#include "save/base_blocks.hpp"
#include "save/block_hasher.hpp"
#include "save/chunk_rule.hpp"
#include "save/commit/abandoned.hpp"
#include "save/commit/commit.hpp"
#include "save/commit/durable.hpp"
#include "save/commit/file_space.hpp"
#include "save/commit/folder_lock.hpp"
#include "save/commit/run_together.hpp"
#include "save/commit/shared_files.hpp"
#include "save/commit/target.hpp"
#include "save/engines/collective_save_engine.hpp"
#include "save/engines/direct_save_engine.hpp"

namespace distload {
namespace {

CheckpointMetadata completed(CheckpointMetadata metadata, std::span<TensorSpec const> tensors,
                             std::uint32_t tensor_parallel) {
  metadata.model_size = 0;
  for (auto const& tensor : tensors) metadata.model_size += count_numbers(tensor.dtype, tensor.shape);
  metadata.tensor_parallel = tensor_parallel;
  if (metadata.created.empty()) metadata.created = utc_text(std::time(nullptr));
  if (metadata.writer.empty()) metadata.writer = "distload " DISTLOAD_VERSION;
  return metadata;
}

std::vector<hdf5::NewTensor> new_tensors(std::span<TensorSpec const> tensors, std::uint32_t tensor_parallel) {
  std::vector<hdf5::NewTensor> result;
  result.reserve(tensors.size());
  for (auto const& tensor : tensors) {
    auto const is_cut = tensor.partition.kind != PartitionKind::replicated;
    result.push_back({tensor.name, tensor.dtype, tensor.shape, std::string(name_of(tensor.partition.kind)),
                      is_cut ? static_cast<std::int32_t>(tensor.partition.axis) : -1,
                      chunk_of(tensor.dtype, tensor.shape, tensor.partition, tensor_parallel)});
  }
  return result;
}

}  // namespace

CheckpointWriter::CheckpointWriter(std::string path, CheckpointMetadata metadata, std::span<TensorSpec const> tensors,
                                   SaveOptions const& options, Communicator& ranks, std::shared_ptr<Catalog const> base,
                                   std::vector<FileIdentity> loaded)
    : path_(std::move(path)),
      ranks_(&ranks),
      verify_(options.verify),
      replacement_(std::make_unique<Replacement>(Replacement{options.overwrite, std::move(loaded)})),
      base_catalog_(std::move(base)) {
  catalog_ = deserialize_catalog(
      bytes_of_rank_0(ranks, "save_create", [&] { return create(std::move(metadata), tensors, options); }));
  check_shared(catalog_, ranks);
  hasher_ = std::make_unique<BlockHasher>(catalog_);
  run_together(ranks, "save_open", [&] {
    if (options.engine == WriteEngine::collective) {
      engine_ = std::make_unique<CollectiveSaveEngine>(catalog_, native_mpi(ranks));
    } else {
      engine_ = std::make_unique<DirectSaveEngine>(catalog_);
    }
    if (base_catalog_) base_ = std::make_unique<BaseBlocks>(*base_catalog_, catalog_);
  });
}

CheckpointWriter::~CheckpointWriter() = default;

std::vector<std::byte> CheckpointWriter::create(CheckpointMetadata metadata, std::span<TensorSpec const> tensors,
                                                SaveOptions const& options) {
  occupants_ = check_target(path_, *replacement_);
  make_folder_of(path_);
  FolderLock until_in_use(folder_of(path_));
  remove_abandoned(folder_of(path_), metadata.step, replacement_->loaded);
  check_temporary(path_);
  load_files(metadata.files);
  Bytes needed = bytes_of(metadata.files);
  for (auto const& tensor : tensors) needed += volume(tensor.shape) * size_of(tensor.dtype);
  check_space(path_, needed);
  auto const temporary = temporary_name(path_);
  auto const tensor_parallel = options.tensor_parallel.value_or(1);
  auto laid_out_file = hdf5::lay_out_file(temporary, completed(std::move(metadata), tensors, tensor_parallel),
                                          new_tensors(tensors, tensor_parallel), options.alignment);
  auto file = OutputFile::create_new(temporary);
  unfinished_ = std::make_unique<TemporaryFile>(temporary);
  unfinished_->mark_as_in_use();
  until_in_use.release();
  file.allocate(laid_out_file.image.size_bytes());
  for (auto const& part : laid_out_file.image.parts()) file.write_at(part.offset_bytes, part.bytes);
  for (auto const& carried : laid_out_file.catalog.metadata.files)
    file.write_at(carried.offset_bytes, *carried.content);
  file.close();
  completion_ = std::make_unique<hdf5::FileCompletion>(std::move(laid_out_file.completion));
  return serialize(laid_out_file.catalog);
}

void CheckpointWriter::write(std::uint32_t extent, Bytes begin_bytes, std::span<std::byte const> bytes) {
  hasher_->add(extent, begin_bytes, bytes, [this, extent](BlockHasher::Part const& part) {
    if (part.hash) catalog_.block_hashes[catalog_.extents[extent].first_block + part.block] = *part.hash;
    BaseBlocks::Range reused;
    if (base_ && part.is_whole && base_->has(extent, part.block, *part.hash)) {
      written_.unchanged += part.bytes.size();
      reused = base_->reuse(extent, {part.begin_bytes, part.bytes.size()}, engine_->file_of(extent));
      written_.reused += reused.nbytes;
    }
    auto const before = reused.nbytes == 0 ? part.bytes.size() : reused.begin_bytes - part.begin_bytes;
    write_out(extent, part.begin_bytes, part.bytes.first(before));
    write_out(extent, part.begin_bytes + before + reused.nbytes, part.bytes.subspan(before + reused.nbytes));
  });
}

void CheckpointWriter::write_out(std::uint32_t extent, Bytes begin_bytes, std::span<std::byte const> bytes) {
  if (bytes.empty()) return;
  engine_->write(extent, begin_bytes, bytes);
  written_.written += bytes.size();
}

void CheckpointWriter::collect_hashes() {
  // Every block has its hash on one rank and zero on the others.
  ranks_->all_reduce(std::span(catalog_.block_hashes), Reduction::sum);
  auto& times = hasher_->times();
  ranks_->all_reduce(std::span(times), Reduction::sum);
  for (auto const& extent : catalog_.extents) {
    auto const blocks = catalog_.hashes_of(extent).size();
    for (std::size_t i = 0; i < blocks; ++i) {
      if (times[extent.first_block + i] == 1) continue;
      throw InternalError("block " + std::to_string(i) + " of tensor '" +
                          printable(catalog_.tensors[extent.tensor].name) + "' was written " +
                          std::to_string(times[extent.first_block + i]) + " times");
    }
  }
}

void CheckpointWriter::complete() const {
  auto const file = OutputFile::open(catalog_.path);
  auto const write = [&](hdf5::FilePatch const& patch) { file.write_at(patch.offset_bytes, patch.bytes); };
  fault_point("save_hashes");
  write(completion_->hashes(catalog_.block_hashes));
  fault_point("save_mark");
  std::ranges::for_each(completion_->mark(), write);
  fault_point("save_stamp");
  write(completion_->stamp(catalog_.block_hashes));
  fault_point("save_sync_commit");
  file.sync();
}

void CheckpointWriter::check_index() const {
  fault_point("save_check");
  InputFile const file(catalog_.path);
  file.forget_cached();
  completion_->check(catalog_.path, catalog_.block_hashes, [&](Bytes offset, std::span<std::byte> destination) {
    if (file.read_at(offset, destination) != destination.size())
      throw CorruptData(catalog_.path + " ends before byte " + std::to_string(offset + destination.size()));
  });
  for (auto const& carried : catalog_.metadata.files) static_cast<void>(content_of(carried));
}

void CheckpointWriter::commit() {
  collect_hashes();
  run_together(*ranks_, "save_close", [&] { engine_->close(); });
  // On all ranks: on a distributed file system each machine knows only its own unwritten bytes. The mark follows
  // afterwards, so that a file with missing bytes never has one.
  all_or_throw(*ranks_, "save_sync", [&] { engine_->sync(); });
  distload::commit({catalog_, path_, unfinished_.get(), [this] { complete(); }, [this] { check_index(); },
                    *replacement_, occupants_},
                   verify_, *ranks_);
}

}  // namespace distload
