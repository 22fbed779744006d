// The life of a checkpoint file from its temporary to its final name.
#include <distload/save/checkpoint_writer.hpp>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <utility>

#include <distload/base/error.hpp>
#include <distload/version.hpp>

#include "base/hash.hpp"
#include "checkpoint/file_name.hpp"
#include "checkpoint/hdf5/create_file.hpp"
#include "checkpoint/hdf5/shared_file.hpp"
#include "parallel/all_or_throw.hpp"
#include "parallel/mpi_communicator.hpp"
#include "save/chunk_rule.hpp"
#include "save/durable.hpp"
#include "save/file_space.hpp"
#include "save/run_together.hpp"

namespace distload {
namespace {

std::string time_now() {
  auto const now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::string text(sizeof "2026-01-01T00:00:00Z", '\0');
  text.resize(std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc));
  return text;
}

CheckpointMetadata completed(CheckpointMetadata metadata, std::span<TensorSpec const> tensors,
                             std::uint32_t tensor_parallel) {
  metadata.model_size = 0;
  for (auto const& tensor : tensors) metadata.model_size += volume(tensor.shape);
  metadata.tensor_parallel = tensor_parallel;
  if (metadata.created.empty()) metadata.created = time_now();
  if (metadata.writer.empty()) metadata.writer = "distload " DISTLOAD_VERSION;
  return metadata;
}

std::vector<hdf5::NewTensor> laid_out(std::span<TensorSpec const> tensors, std::uint32_t tensor_parallel) {
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
                                   WriterOptions const& options, Communicator& ranks)
    : path_(std::move(path)), ranks_(&ranks) {
  auto created = all_or_throw(ranks, "save_create", [&]() -> std::vector<std::byte> {
    if (ranks.rank() != 0) return {};
    unfinished_ = std::make_unique<TemporaryFile>(temporary_name(path_));
    if (auto const folder = std::filesystem::path(path_).parent_path(); !folder.empty()) {
      std::error_code error;
      std::filesystem::create_directories(folder, error);
      if (error) throw IoError("creating the folder " + folder.string() + " failed: " + error.message());
    }
    auto const catalog = hdf5::create_checkpoint_file(temporary_name(path_),
                                                      completed(std::move(metadata), tensors, options.tensor_parallel),
                                                      laid_out(tensors, options.tensor_parallel), options.alignment);
    check_space(path_, catalog.files.front().size_bytes);
    return serialize(catalog);
  });
  catalog_ = deserialize_catalog(broadcast_message(ranks, std::move(created), 0));
  times_written_.resize(catalog_.block_hashes.size());
  run_together(ranks, "save_open",
               [&] { file_ = std::make_unique<hdf5::SharedFile>(catalog_.path, native_mpi(ranks)); });
}

CheckpointWriter::~CheckpointWriter() = default;

void CheckpointWriter::write(std::uint32_t extent_number, Bytes begin_bytes, std::span<std::byte const> bytes) {
  auto const& extent = catalog_.extents.at(extent_number);
  auto const& tensor = catalog_.tensors[extent.tensor];
  auto const end_bytes = begin_bytes + bytes.size();
  if (begin_bytes % kBlockBytes != 0 || end_bytes > extent.nbytes ||
      (end_bytes % kBlockBytes != 0 && end_bytes != extent.nbytes)) {
    throw InternalError("bytes [" + std::to_string(begin_bytes) + ", " + std::to_string(end_bytes) + ") of tensor '" +
                        tensor.name + "' are not whole blocks");
  }
  for (Bytes at = 0; at < bytes.size(); at += kBlockBytes) {
    auto const block = extent.first_block + (begin_bytes + at) / kBlockBytes;
    catalog_.block_hashes[block] = xxh3_64(bytes.subspan(at, std::min(kBlockBytes, bytes.size() - at)));
    ++times_written_[block];
  }
  auto const element_bytes = size_of(tensor.dtype);
  auto const* source = bytes.data();
  for (auto box : boxes_of_range(extent.box.extent, begin_bytes / element_bytes, end_bytes / element_bytes)) {
    for (std::size_t axis = 0; axis < box.offset.size(); ++axis) box.offset[axis] += extent.box.offset[axis];
    file_->write(tensor, box, source);
    source += volume(box) * element_bytes;
  }
}

void CheckpointWriter::collect_hashes() {
  // Every block has a hash on one rank and zero on the others.
  ranks_->all_reduce(std::span(catalog_.block_hashes), Reduction::sum);
  ranks_->all_reduce(std::span(times_written_), Reduction::sum);
  for (auto const& extent : catalog_.extents) {
    auto const blocks = catalog_.hashes_of(extent).size();
    for (std::size_t i = 0; i < blocks; ++i) {
      if (times_written_[extent.first_block + i] == 1) continue;
      throw InternalError("block " + std::to_string(i) + " of tensor '" + catalog_.tensors[extent.tensor].name +
                          "' was written " + std::to_string(times_written_[extent.first_block + i]) + " times");
    }
  }
}

void CheckpointWriter::commit() {
  collect_hashes();
  run_together(*ranks_, "save_close", [&] { file_->close(); });
  // Every rank: on a file system of many machines each knows only its own unwritten bytes. The mark comes after that,
  // so that it never stands in a file that lacks them.
  all_or_throw(*ranks_, "save_sync", [&] { sync_file(catalog_.path); });
  all_or_throw(*ranks_, "save_commit", [&] {
    if (ranks_->rank() != 0) return;
    hdf5::complete_checkpoint_file(catalog_);
    sync_file(catalog_.path);
  });
  run_together(*ranks_, "save_publish", [&] {
    if (ranks_->rank() != 0) return;
    publish_file(catalog_.path, path_);
    unfinished_->keep();
  });
}

}  // namespace distload
