// Creates, fills and commits a Hugging Face directory.
#include "save/safetensors_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <filesystem>
#include <utility>

#include <sys/stat.h>

#include <distload/base/error.hpp>

#include "base/fault.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "base/utc.hpp"
#include "checkpoint/add_blocks.hpp"
#include "checkpoint/catalog_message.hpp"
#include "checkpoint/file_name.hpp"
#include "checkpoint/files/choose_files.hpp"
#include "checkpoint/files/load_files.hpp"
#include "checkpoint/packed_shape.hpp"
#include "checkpoint/safetensors/directory.hpp"
#include "checkpoint/safetensors/file_layout.hpp"
#include "checkpoint/safetensors/model_config_file.hpp"
#include "io/files/input_file.hpp"
#include "io/files/output_file.hpp"
#include "parallel/all_or_throw.hpp"
#include "save/block_hasher.hpp"
#include "save/commit/abandoned.hpp"
#include "save/commit/commit.hpp"
#include "save/commit/durable.hpp"
#include "save/commit/file_space.hpp"
#include "save/commit/folder_lock.hpp"
#include "save/commit/manifest.hpp"
#include "save/commit/shared_files.hpp"
#include "save/commit/target.hpp"
#include "save/engines/direct_save_engine.hpp"

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

/// A catalog with one extent per tensor.
Catalog catalog_of(std::string const& directory, CheckpointMetadata metadata,
                   std::span<SafetensorsTensor const> tensors, std::span<SafetensorsFile const> files) {
  Catalog catalog;
  catalog.format = SourceFormat::safetensors;
  catalog.path = directory;
  catalog.metadata = std::move(metadata);
  catalog.metadata.model_size = 0;
  for (auto const& tensor : tensors) {
    auto const number = static_cast<std::uint32_t>(catalog.tensors.size());
    catalog.tensors.push_back({.name = tensor.name,
                               .dtype = tensor.dtype,
                               .shape = tensor.shape,
                               .first_extent = number,
                               .extent_count = 1,
                               .partition = {}});
    catalog.metadata.model_size += count_numbers(tensor.dtype, tensor.shape);
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

void make_new_directory(std::string const& path) {
  if (::mkdir(path.c_str(), 0777) == 0) return;
  if (errno == EEXIST) throw IoError(path + " has just been created by another process");
  throw_failed("creating the folder", path);
}

/// The names of all files to be written into the directory.
std::vector<std::string> names_of(Catalog const& catalog, std::span<SafetensorsFile const> files) {
  std::vector<std::string> names{"config.json", kSafetensorsIndexFile};
  for (auto const& carried : catalog.metadata.files) names.push_back(carried.name);
  for (auto const& file : files) names.push_back(file.name);
  return names;
}

/// Local: creates the files with their final sizes and headers.
void create_files(Catalog const& catalog, std::span<SafetensorsFile const> files) {
  for (std::size_t i = 0; i < files.size(); ++i) {
    auto file = OutputFile::create(catalog.files[i].path, catalog.files[i].size_bytes);
    file.write_at(0, std::as_bytes(std::span(files[i].header)));
    file.close();
  }
}

/// Local: writes the carried files; the catalog's metadata then refers to the new ones.
void write_carried(Catalog& catalog) {
  for (auto& carried : catalog.metadata.files) {
    auto const path = fs::path(catalog.path) / carried.name;
    make_folder_of(path.string());
    auto file = OutputFile::create(path.string(), carried.nbytes);
    file.write_at(0, *carried.content);
    file.close();
    carried.path = path.string();
    carried.offset_bytes = 0;
    carried.modified = 0;
    carried.hash = xxh3_64(*carried.content);
  }
}

/// Local: syncs the carried files and the names in subfolders to storage, but not the names in the directory itself.
void sync_carried(Catalog const& catalog) {
  for (auto const& carried : catalog.metadata.files) {
    sync_file(carried.path);
    if (auto const folder = folder_of(carried.path); folder != catalog.path) sync_directory(folder);
  }
}

/// Local: writes a small file; it is on storage on return.
void write_text(fs::path const& path, std::string const& text) {
  auto file = OutputFile::create(path.string(), text.size());
  file.write_at(0, std::as_bytes(std::span(text)));
  file.close();
  sync_file(path.string());
}

}  // namespace

SafetensorsWriter::SafetensorsWriter(std::string path, CheckpointMetadata metadata, std::span<TensorSpec const> tensors,
                                     SaveOptions const& options, Communicator& ranks, std::vector<FileIdentity> loaded)
    : path_(std::move(path)),
      ranks_(&ranks),
      verify_(options.verify),
      replacement_(std::make_unique<Replacement>(Replacement{options.overwrite, std::move(loaded)})) {
  catalog_ = deserialize_catalog(
      bytes_of_rank_0(ranks, "save_create", [&] { return create(std::move(metadata), tensors, options.shard_size); }));
  check_shared(catalog_, ranks);
  if (verify_ == VerifyAfterWrite::full) {
    for (auto& extent : catalog_.extents) add_blocks(catalog_, extent);  // for checksums that are stored in no file
    hasher_ = std::make_unique<BlockHasher>(catalog_);
  }
  written_bytes_.resize(catalog_.extents.size());
  engine_ = all_or_throw(ranks, "save_open", [&] { return std::make_unique<DirectSaveEngine>(catalog_); });
}

SafetensorsWriter::~SafetensorsWriter() = default;

std::vector<std::byte> SafetensorsWriter::create(CheckpointMetadata metadata, std::span<TensorSpec const> tensors,
                                                 Bytes shard_bytes) {
  auto const step = metadata.step;
  if (metadata.created.empty()) metadata.created = utc_text(std::time(nullptr));
  auto const sorted = sorted_by_name(tensors);
  auto const files = lay_out_safetensors(sorted, shard_bytes);
  load_files(metadata.files);
  auto catalog = catalog_of(temporary_name(path_), std::move(metadata), sorted, files);
  if (files.size() > 1) index_ = safetensors_index(files, sorted);
  occupants_ = check_target(path_, *replacement_);
  make_folder_of(path_);
  FolderLock until_in_use(folder_of(path_));
  remove_abandoned(folder_of(path_), step, replacement_->loaded);
  check_temporary(path_);
  Bytes needed = bytes_of(catalog.metadata.files);
  for (auto const& file : files) needed += file.size_bytes;
  check_space(path_, needed);
  make_new_directory(catalog.path);
  unfinished_ = std::make_unique<TemporaryFile>(catalog.path);
  begin_manifest(catalog.path, names_of(catalog, files));
  create_files(catalog, files);
  unfinished_->mark_as_in_use();
  until_in_use.release();
  write_carried(catalog);
  return serialize(catalog);
}

void SafetensorsWriter::write(std::uint32_t extent_number, Bytes begin_bytes, std::span<std::byte const> bytes) {
  auto const& extent = catalog_.extents.at(extent_number);
  if (begin_bytes > extent.nbytes || bytes.size() > extent.nbytes - begin_bytes) {
    throw InternalError("bytes [" + std::to_string(begin_bytes) + ", " + std::to_string(begin_bytes + bytes.size()) +
                        ") are not all of tensor '" + printable(catalog_.tensors[extent.tensor].name) + "'");
  }
  if (hasher_) {
    hasher_->add(extent_number, begin_bytes, bytes, [&](BlockHasher::Part const& part) {
      if (part.hash) catalog_.block_hashes[extent.first_block + part.block] = *part.hash;
    });
  }
  engine_->write(extent_number, begin_bytes, bytes);
  written_bytes_[extent_number] += bytes.size();
  written_.written += bytes.size();
}

void SafetensorsWriter::check_complete() {
  ranks_->all_reduce(std::span(written_bytes_), Reduction::sum);
  for (std::size_t i = 0; i < written_bytes_.size(); ++i) {
    auto const& extent = catalog_.extents[i];
    if (written_bytes_[i] == extent.nbytes) continue;
    throw InternalError(std::to_string(written_bytes_[i]) + " bytes of tensor '" +
                        printable(catalog_.tensors[extent.tensor].name) + "' were written, which has " +
                        std::to_string(extent.nbytes));
  }
  // Every block has its hash on one rank and zero on the others.
  if (hasher_) ranks_->all_reduce(std::span(catalog_.block_hashes), Reduction::sum);
}

void SafetensorsWriter::complete() const {
  fs::path const directory(catalog_.path);
  auto const config_json = config_json_of(catalog_);
  if (!config_json.empty()) write_text(directory / "config.json", config_json);
  if (!index_.empty()) write_text(directory / kSafetensorsIndexFile, index_);
  sync_carried(catalog_);
  complete_manifest(catalog_.path, catalog_.metadata);
  fault_point("save_sync_commit");
  sync_directory(catalog_.path);
}

void SafetensorsWriter::check_index() const {
  fault_point("save_check");
  for (auto const& file : catalog_.files) InputFile(file.path).forget_cached();
  for (auto const& carried : catalog_.metadata.files) {
    InputFile(carried.path).forget_cached();
    static_cast<void>(content_of(carried));
  }
  auto const found = read_safetensors_catalog(catalog_.path);
  auto const is_same = [this, &found](TensorInfo const& tensor) {
    auto const* const other = found.find(tensor.name);
    if (other == nullptr || other->dtype != tensor.dtype || !(other->shape == tensor.shape)) return false;
    auto const& written = catalog_.extents[tensor.first_extent];
    return tensor.nbytes() == 0 || found.extents_of(*other).front().offset_bytes == written.offset_bytes;
  };
  if (found.tensors.size() != catalog_.tensors.size() || !std::ranges::all_of(catalog_.tensors, is_same))
    throw CorruptData(catalog_.path + ": storage does not give back the headers that were written");
}

void SafetensorsWriter::commit() {
  check_complete();
  all_or_throw(*ranks_, "save_close", [&] { engine_->close(); });
  // On all ranks: on a distributed file system each machine knows only its own unwritten bytes.
  all_or_throw(*ranks_, "save_sync", [&] {
    engine_->sync();
    // Syncs the headers, which rank 0 has written.
    if (ranks_->rank() == 0) std::ranges::for_each(catalog_.files, sync_file, &SourceFile::path);
  });
  distload::commit({catalog_, path_, unfinished_.get(), [this] { complete(); }, [this] { check_index(); },
                    *replacement_, occupants_},
                   verify_, *ranks_);
}

}  // namespace distload
