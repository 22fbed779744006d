// The life of a Hugging Face directory from its temporary to its final name.
#include <distload/save/safetensors_writer.hpp>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include <distload/base/error.hpp>

#include "checkpoint/file_name.hpp"
#include "checkpoint/safetensors/file_layout.hpp"
#include "checkpoint/safetensors/model_config.hpp"
#include "io/output_file.hpp"
#include "parallel/all_or_throw.hpp"
#include "save/durable.hpp"
#include "save/file_space.hpp"
#include "save/run_together.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;

std::vector<SafetensorsTensor> sorted_by_name(std::span<TensorSpec const> specs) {
  std::vector<SafetensorsTensor> tensors;
  tensors.reserve(specs.size());
  for (auto const& spec : specs) tensors.push_back({spec.name, spec.dtype, spec.shape});
  std::ranges::sort(tensors, {}, &SafetensorsTensor::name);
  return tensors;
}

/// One extent per tensor.
Catalog catalog_of(std::string const& directory, CheckpointMetadata metadata,
                   std::span<SafetensorsTensor const> tensors, std::span<SafetensorsFile const> files) {
  Catalog catalog;
  catalog.format = SourceFormat::safetensors;
  catalog.path = directory;
  catalog.metadata = std::move(metadata);
  catalog.metadata.model_size = 0;
  for (auto const& tensor : tensors) {
    auto const number = static_cast<std::uint32_t>(catalog.tensors.size());
    catalog.tensors.push_back({tensor.name, tensor.dtype, tensor.shape, number, 1, "", -1});
    catalog.metadata.model_size += volume(tensor.shape);
  }
  catalog.extents.resize(tensors.size());
  for (auto const& file : files) {
    auto const number = static_cast<std::uint32_t>(catalog.files.size());
    catalog.files.push_back({(fs::path(directory) / file.name).string(), file.size_bytes});
    for (auto const& placed : file.tensors) {
      catalog.extents[placed.tensor] = {
          placed.tensor, number, placed.offset_bytes, placed.nbytes, whole(tensors[placed.tensor].shape), kNoBlocks};
    }
  }
  return catalog;
}

/// Local: an empty directory in the place of what a crash has left, whose space may be needed.
void make_empty_directory(std::string const& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (!error) fs::create_directories(path, error);
  if (error) throw IoError("creating the folder " + path + " failed: " + error.message());
}

/// Local: the files, of their final size and with their headers.
void create_files(Catalog const& catalog, std::span<SafetensorsFile const> files) {
  for (std::size_t i = 0; i < files.size(); ++i) {
    auto file = OutputFile::create(catalog.files[i].path, catalog.files[i].size_bytes);
    file.write_at(0, std::as_bytes(std::span(files[i].header)));
    file.close();
  }
}

/// Local: a small file, on storage when this returns.
void write_text(fs::path const& path, std::string const& text) {
  auto file = OutputFile::create(path.string(), text.size());
  file.write_at(0, std::as_bytes(std::span(text)));
  file.close();
  sync_file(path.string());
}

}  // namespace

SafetensorsWriter::SafetensorsWriter(std::string path, CheckpointMetadata metadata, std::span<TensorSpec const> tensors,
                                     Bytes shard_bytes, Communicator& ranks)
    : path_(std::move(path)), ranks_(&ranks) {
  auto created = all_or_throw(ranks, "save_create", [&]() -> std::vector<std::byte> {
    if (ranks.rank() != 0) return {};
    auto const sorted = sorted_by_name(tensors);
    auto const files = lay_out_safetensors(sorted, shard_bytes);
    auto const catalog = catalog_of(temporary_name(path_), std::move(metadata), sorted, files);
    if (files.size() > 1) index_ = safetensors_index(files, sorted);
    Bytes needed = 0;
    for (auto const& file : files) needed += file.size_bytes;
    unfinished_ = std::make_unique<TemporaryFile>(catalog.path);
    make_empty_directory(catalog.path);
    check_space(path_, needed);
    create_files(catalog, files);
    return serialize(catalog);
  });
  catalog_ = deserialize_catalog(broadcast_message(ranks, std::move(created), 0));
  written_bytes_.resize(catalog_.extents.size());
  touched_.resize(catalog_.files.size(), ranks.rank() == 0);
}

SafetensorsWriter::~SafetensorsWriter() = default;

void SafetensorsWriter::write(std::uint32_t extent_number, Bytes begin_bytes, std::span<std::byte const> bytes) {
  auto const& extent = catalog_.extents.at(extent_number);
  if (begin_bytes > extent.nbytes || bytes.size() > extent.nbytes - begin_bytes) {
    throw InternalError("bytes [" + std::to_string(begin_bytes) + ", " + std::to_string(begin_bytes + bytes.size()) +
                        ") are not all of tensor '" + catalog_.tensors[extent.tensor].name + "'");
  }
  if (!open_ || open_number_ != extent.file) {
    if (open_) open_->close();
    open_ = std::make_unique<OutputFile>(OutputFile::open(catalog_.files[extent.file].path));
    open_number_ = extent.file;
    touched_[extent.file] = true;
  }
  open_->write_at(extent.offset_bytes + begin_bytes, bytes);
  written_bytes_[extent_number] += bytes.size();
}

void SafetensorsWriter::check_complete() {
  ranks_->all_reduce(std::span(written_bytes_), Reduction::sum);
  for (std::size_t i = 0; i < written_bytes_.size(); ++i) {
    auto const& extent = catalog_.extents[i];
    if (written_bytes_[i] == extent.nbytes) continue;
    throw InternalError(std::to_string(written_bytes_[i]) + " bytes of tensor '" +
                        catalog_.tensors[extent.tensor].name + "' were written, which has " +
                        std::to_string(extent.nbytes));
  }
}

void SafetensorsWriter::commit() {
  check_complete();
  all_or_throw(*ranks_, "save_close", [&] {
    if (open_) open_->close();
    open_.reset();
  });
  // Every rank: on a file system of many machines each knows only its own unwritten bytes.
  all_or_throw(*ranks_, "save_sync", [&] {
    for (std::size_t i = 0; i < touched_.size(); ++i)
      if (touched_[i]) sync_file(catalog_.files[i].path);
  });
  all_or_throw(*ranks_, "save_commit", [&] {
    if (ranks_->rank() != 0) return;
    fs::path const directory(catalog_.path);
    auto const config_json = config_json_of(catalog_);
    if (!config_json.empty()) write_text(directory / "config.json", config_json);
    if (!index_.empty()) write_text(directory / kSafetensorsIndexFile, index_);
    sync_directory(catalog_.path);
  });
  run_together(*ranks_, "save_publish", [&] {
    if (ranks_->rank() != 0) return;
    publish_directory(catalog_.path, path_);
    unfinished_->keep();
  });
}

}  // namespace distload
