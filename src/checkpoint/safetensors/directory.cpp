// Builds a catalog from files and index.
#include "checkpoint/safetensors/directory.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>
#include <set>

#include <distload/base/error.hpp>

#include "base/json.hpp"
#include "base/text.hpp"
#include "checkpoint/files/find_files.hpp"
#include "checkpoint/safetensors/file_layout.hpp"
#include "checkpoint/safetensors/header.hpp"
#include "checkpoint/safetensors/model_config_file.hpp"
#include "checkpoint/validate_catalog.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;

constexpr char const* kSingleFile = "model.safetensors";
constexpr std::size_t kMaxFileName = 255;

/// A tensor and the position of its data.
struct StoredTensor {
  SafetensorsEntry entry;
  std::uint32_t file = 0;
  Bytes data_offset = 0;  ///< in the file's data section
};

/// Appends the tensors of one file.
void read_file(fs::path const& path, Catalog& catalog, std::vector<StoredTensor>& tensors) {
  auto const name = path.string();
  std::error_code error;
  auto const size = fs::file_size(path, error);
  if (error) throw NoValidCheckpoint(name + ": " + error.message());
  std::ifstream file(path, std::ios::binary);
  if (!file) throw IoError("cannot open " + name);

  std::uint64_t header_bytes = 0;
  if (size < sizeof header_bytes)
    throw CorruptData(name + ": has " + std::to_string(size) + " bytes and no header; it is cut short");
  file.read(reinterpret_cast<char*>(&header_bytes), sizeof header_bytes);
  if (!file) throw IoError("cannot read " + name);
  if (header_bytes > kMaxSafetensorsHeaderBytes) {
    throw CorruptData(name + ": says that its header has " + std::to_string(header_bytes) + " bytes; at most " +
                      std::to_string(kMaxSafetensorsHeaderBytes) + " are allowed");
  }
  auto const data_offset = sizeof header_bytes + header_bytes;
  if (data_offset > size) throw CorruptData(name + ": ends inside its header; it is cut short");
  std::string header(header_bytes, '\0');
  file.read(header.data(), static_cast<std::streamsize>(header.size()));
  if (!file) throw IoError("cannot read " + name);

  auto const number = static_cast<std::uint32_t>(catalog.files.size());
  catalog.files.push_back({name, size});
  auto entries = parse_safetensors_header(header, size - data_offset, name);
  if (tensors.empty()) tensors.reserve(entries.size());
  for (auto& entry : entries) tensors.push_back({std::move(entry), number, data_offset});
}

[[noreturn]] void fail(fs::path const& index, std::string const& what) {
  throw CorruptData(index.string() + ": " + what);
}

/// The file name in an entry of the index.
std::string file_name_of(JsonView const& entry) {
  auto text = entry.text();
  // Names with characters that messages escape are refused, as are names longer than file systems allow.
  if (text.empty() || text.find('/') != std::string::npos || text == "." || text == ".." ||
      text.size() > kMaxFileName || printable(text, kMaxFileName) != text) {
    entry.fail("'" + printable(text) + "' is not the name of a file in this directory");
  }
  return text;
}

/// Reads the index's map from tensor to file name.
std::map<std::string, std::string> read_index(fs::path const& path) {
  std::error_code error;
  auto const size = fs::file_size(path, error);
  if (error) throw IoError("cannot read " + path.string() + ": " + error.message());
  if (size > kMaxSafetensorsHeaderBytes) fail(path, "is larger than " + format_bytes(kMaxSafetensorsHeaderBytes));
  std::ifstream file(path, std::ios::binary);
  std::string text(size, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file) throw IoError("cannot read " + path.string());
  auto const json = parse_json(text, {.text_bytes = kMaxSafetensorsHeaderBytes}, path.string());
  auto const weight_map = JsonView(json, path.string()).find("weight_map");
  if (!weight_map) fail(path, "has no weight_map");
  std::map<std::string, std::string> files;
  for (auto const& [tensor, name] : weight_map->members()) files.emplace(tensor, file_name_of(name));
  if (files.empty()) fail(path, "weight_map is empty: it names no tensor");
  return files;
}

/// @throws CorruptData  the index does not say that tensor `name` is in `file`.
void check_entry(fs::path const& path, std::map<std::string, std::string> const& index, std::string const& name,
                 std::string const& file) {
  auto const entry = index.find(name);
  if (entry == index.end()) fail(path, "does not list " + printable(name) + ", which " + printable(file) + " holds");
  if (entry->second != file) {
    fail(path,
         "says that " + printable(name) + " is in " + printable(entry->second) + ", but it is in " + printable(file));
  }
}

/// Checks that the index lists exactly the tensors in the files.
void check_index(fs::path const& path, std::map<std::string, std::string> const& index, Catalog const& catalog,
                 std::vector<StoredTensor> const& tensors) {
  std::map<std::string, std::string> stored;
  for (auto const& tensor : tensors) {
    auto const& name = tensor.entry.name;
    auto const file = fs::path(catalog.files[tensor.file].path).filename().string();
    auto const [before, is_new] = stored.emplace(name, file);
    if (!is_new) {
      fail(path, printable(name) + " is stored in two files, " + printable(before->second) + " and " + printable(file));
    }
    check_entry(path, index, name, file);
  }
  auto const missing = std::ranges::find_if(index, [&](auto const& entry) { return !stored.contains(entry.first); });
  if (missing != index.end()) {
    fail(path, "says that " + printable(missing->first) + " is in " + printable(missing->second) +
                   ", which does not hold it");
  }
}

void add_tensors(std::vector<StoredTensor> tensors, Catalog& catalog) {
  // Sorts numbers instead of tensors, which are large.
  std::vector<std::uint32_t> order(tensors.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, {}, [&](auto index) -> std::string const& { return tensors[index].entry.name; });
  catalog.tensors.reserve(tensors.size());
  catalog.extents.reserve(tensors.size());
  for (auto const index : order) {
    auto& [entry, file, data_offset] = tensors[index];
    auto const number = static_cast<std::uint32_t>(catalog.tensors.size());
    catalog.extents.push_back({number, file, data_offset + entry.begin_bytes, entry.end_bytes - entry.begin_bytes,
                               whole(entry.shape), kNoBlocks});
    catalog.metadata.model_size += volume(entry.shape);
    catalog.tensors.push_back({.name = std::move(entry.name),
                               .dtype = entry.dtype,
                               .shape = entry.shape,
                               .first_extent = number,
                               .extent_count = 1,
                               .partition = {}});
  }
}

}  // namespace

bool is_safetensors(std::string const& path) {
  if (fs::is_directory(path))
    return fs::exists(fs::path(path) / kSingleFile) || fs::exists(fs::path(path) / kSafetensorsIndexFile);
  return fs::path(path).extension() == ".safetensors";
}

Catalog read_safetensors_catalog(std::string const& path) {
  Catalog catalog;
  catalog.format = SourceFormat::safetensors;
  catalog.path = path;
  std::vector<StoredTensor> tensors;
  if (!fs::is_directory(path)) {
    read_file(path, catalog, tensors);
    read_model_config(fs::path(path).parent_path(), catalog.metadata);
    catalog.metadata.files = find_files(fs::path(path).parent_path(), catalog.warnings);
  } else {
    fs::path const directory(path);
    auto const index_path = directory / kSafetensorsIndexFile;
    if (fs::exists(index_path)) {
      auto const index = read_index(index_path);
      std::set<std::string> files;
      for (auto const& [tensor, file] : index) files.insert(file);
      for (auto const& file : files) read_file(directory / file, catalog, tensors);
      check_index(index_path, index, catalog, tensors);
    } else {
      read_file(directory / kSingleFile, catalog, tensors);
    }
    read_model_config(directory, catalog.metadata);
    catalog.metadata.files = find_files(directory, catalog.warnings);
  }
  add_tensors(std::move(tensors), catalog);
  validate(catalog);
  return catalog;
}

}  // namespace distload
