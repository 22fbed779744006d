// Builds a catalog from files and index.
#include "checkpoint/safetensors/directory.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <limits>
#include <numeric>
#include <string_view>
#include <unordered_map>

#include <fcntl.h>
#include <unistd.h>

#include <distload/base/error.hpp>

#include "base/descriptor.hpp"
#include "base/system.hpp"
#include "base/text.hpp"
#include "checkpoint/files/find_files.hpp"
#include "checkpoint/packed_shape.hpp"
#include "checkpoint/safetensors/find_shards.hpp"
#include "checkpoint/safetensors/header.hpp"
#include "checkpoint/safetensors/model_config_file.hpp"
#include "checkpoint/safetensors/read_index.hpp"
#include "checkpoint/unloadable.hpp"
#include "checkpoint/validate_catalog.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;

/// A tensor and the position of its data.
struct StoredTensor {
  SafetensorsEntry entry;
  std::uint32_t file = 0;
  Bytes data_offset = 0;  ///< in the file's data section
};

/// Names with few examples, for one line.
class SomeNames {
 public:
  void add(std::string const& name) {
    if (++count_ <= kShown) text_ += (text_.empty() ? "" : ", ") + printable(name);
  }
  bool empty() const noexcept { return count_ == 0; }
  std::string text() const {
    return count_ <= kShown ? text_ : text_ + " and " + std::to_string(count_ - kShown) + " more";
  }

 private:
  static constexpr std::size_t kShown = 5;
  std::size_t count_ = 0;
  std::string text_;
};

/// Files without data.
struct HeadersOnly {
  CutShort cut_short;
  SomeNames cut;
  SomeNames holes;
};

/// True if no storage belongs to the file from `offset` on: its bytes read as zeros.
bool is_hole(std::string const& path, Bytes offset, Bytes size) {
  // What shares a block of the file system with the header has storage.
  constexpr Bytes kBlock = 64 * kKiB;
  offset = round_up(offset, kBlock);
  if (offset >= size) return false;
  Descriptor const file(path, O_RDONLY);
  return file.get() >= 0 && lseek(file.get(), static_cast<off_t>(offset), SEEK_DATA) < 0 && errno == ENXIO;
}

/// Appends the tensors of one file.
/// @param why_it_matters  ends the message about a file that is not there
void read_file(fs::path const& path, std::string const& why_it_matters, Catalog& catalog,
               std::vector<StoredTensor>& tensors, HeadersOnly& headers_only) {
  auto const name = path.string();
  std::error_code error;
  auto const size = fs::file_size(path, error);
  if (error == std::errc::permission_denied) throw IoError("cannot open " + name + ": " + error.message());
  if (error) throw NoValidCheckpoint(name + ": " + why_not_reachable(path, error) + why_it_matters);
  std::ifstream file(path, std::ios::binary);
  if (!file) throw IoError("cannot open " + name + ": " + system_reason());

  std::uint64_t header_bytes = 0;
  if (size < sizeof header_bytes)
    throw CorruptData(name + ": has " + std::to_string(size) + " bytes and no header; it is cut short");
  file.read(reinterpret_cast<char*>(&header_bytes), sizeof header_bytes);
  if (!file) throw IoError("cannot read " + name);
  if (auto const other = header_bytes > kMaxSafetensorsHeaderBytes ? what_file_is(path) : std::nullopt)
    throw NoValidCheckpoint(*other);
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
  auto data_bytes = size - data_offset;
  std::vector<SafetensorsEntry> entries;
  if (headers_only.cut_short == CutShort::accept) {
    entries = parse_safetensors_header(header, std::nullopt, name);
    auto const stated = entries.empty() ? 0 : entries.back().end_bytes;
    if (stated > data_bytes) {
      headers_only.cut.add(path.filename().string() + " (" + format_bytes(data_bytes) + " of " + format_bytes(stated) +
                           ")");
      data_bytes = stated;
    }
  }
  // Everything else that does not agree is an error.
  if (data_bytes == size - data_offset) entries = parse_safetensors_header(header, data_bytes, name);
  if (!checked_add(data_offset, data_bytes)) throw CorruptData(name + ": its size does not fit 64 bits");
  catalog.files.push_back({name, data_offset + data_bytes});
  if (is_hole(name, data_offset, size)) headers_only.holes.add(path.filename().string());
  if (tensors.empty()) tensors.reserve(entries.size());
  for (auto& entry : entries) tensors.push_back({std::move(entry), number, data_offset});
}

std::string file_name_in(Catalog const& catalog, StoredTensor const& tensor) {
  return fs::path(catalog.files[tensor.file].path).filename().string();
}

/// Keeps the tensors that the index lists, each from the file that it names; from another one of its files if only that
/// one holds it. What the index lists and no file holds becomes `Catalog::unreadable`.
void apply_index(Shards const& shards, Catalog& catalog, std::vector<StoredTensor>& tensors) {
  constexpr auto kNowhere = std::numeric_limits<std::size_t>::max();
  std::unordered_map<std::string_view, std::size_t> kept;
  std::vector<std::size_t> elsewhere;  // listed, but in another file
  std::vector<bool> is_kept(tensors.size());
  kept.reserve(shards.file_of.size());
  SomeNames stale;
  SomeNames overlaid;
  SomeNames moved;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    auto const entry = shards.file_of.find(tensors[i].entry.name);
    if (entry == shards.file_of.end()) {
      stale.add(tensors[i].entry.name);
    } else if (entry->second == file_name_in(catalog, tensors[i])) {
      kept.emplace(entry->first, i);
      is_kept[i] = true;
    } else {
      elsewhere.push_back(i);
    }
  }
  for (auto const i : elsewhere) {
    auto const& name = tensors[i].entry.name;
    auto const [before, is_only] = kept.emplace(shards.file_of.find(name)->first, kNowhere);
    if (is_only) {
      before->second = i;
      is_kept[i] = true;
      moved.add(name);
      continue;
    }
    auto const& file = shards.file_of.find(name)->second;
    if (file_name_in(catalog, tensors[before->second]) != file) {
      throw CorruptData(shards.index.string() + ": says that " + printable(name) + " is in " + printable(file) +
                        ", which does not hold it, but both " + file_name_in(catalog, tensors[before->second]) +
                        " and " + file_name_in(catalog, tensors[i]) + " do");
    }
    overlaid.add(name);
  }
  auto const warn = [&](SomeNames const& names, std::string const& what) {
    if (!names.empty()) catalog.warnings.push_back(shards.index.string() + ": " + what + ": " + names.text());
  };
  warn(stale, "does not list tensors of its files, which are ignored");
  warn(overlaid, "lists another file than this second one for tensors that two files hold; the second is ignored");
  warn(moved, "names other files than those that hold tensors, which are loaded nevertheless");
  for (auto const& [name, file] : shards.file_of) {
    if (kept.contains(name)) continue;
    catalog.unreadable.push_back(
        {name, shards.index.filename().string() + " lists it in " + printable(file) + ", which does not hold it",
         true});
  }
  std::vector<StoredTensor> listed;
  listed.reserve(kept.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (is_kept[i]) listed.push_back(std::move(tensors[i]));
  }
  tensors = std::move(listed);
}

/// @throws NoValidCheckpoint  two files hold the same tensor, and no index says which one counts.
void check_disjoint(Catalog const& catalog, std::vector<StoredTensor> const& tensors) {
  std::unordered_map<std::string_view, std::size_t> seen;
  seen.reserve(tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    auto const [before, is_new] = seen.emplace(tensors[i].entry.name, i);
    if (is_new) continue;
    throw NoValidCheckpoint(catalog.path + ": both " + file_name_in(catalog, tensors[before->second]) + " and " +
                            file_name_in(catalog, tensors[i]) + " hold " + printable(tensors[i].entry.name) +
                            ", and no index says which file counts: give the path of one of them");
  }
}

/// Moves the tensors that cannot be loaded to `Catalog::unreadable`.
void set_unreadable_aside(Catalog& catalog, std::vector<StoredTensor>& tensors) {
  for (auto& tensor : tensors) {
    auto& entry = tensor.entry;
    if (!entry.unreadable.empty()) catalog.unreadable.push_back({entry.name, std::move(entry.unreadable), false});
  }
  if (catalog.unreadable.empty()) return;
  std::ranges::sort(catalog.unreadable, {}, &UnreadableTensor::name);
  std::erase_if(tensors, [&](StoredTensor const& tensor) {
    return std::ranges::binary_search(catalog.unreadable, tensor.entry.name, {}, &UnreadableTensor::name);
  });
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
    catalog.metadata.model_size += count_numbers(entry.dtype, entry.shape);
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
  if (fs::is_directory(path)) return has_model_file(path);
  return path.ends_with(".safetensors") || path.ends_with(kIndexEnding);
}

Catalog read_safetensors_catalog(std::string const& path, CutShort cut_short) {
  auto const names_index = path.ends_with(kIndexEnding);
  auto const is_one_file = !names_index && !fs::is_directory(path);
  auto const directory = names_index || is_one_file ? fs::path(path).parent_path() : fs::path(path);
  Catalog catalog;
  catalog.format = SourceFormat::safetensors;
  catalog.path = path;
  std::vector<StoredTensor> tensors;
  HeadersOnly headers_only{cut_short, {}, {}};
  if (is_one_file) {
    read_file(path, "", catalog, tensors, headers_only);
  } else {
    auto shards = names_index ? shards_of_index(path) : find_shards(directory);
    catalog.warnings = std::move(shards.warnings);
    auto const why_it_matters = shards.index.empty() ? ""
                                                     : "; " + shards.index.filename().string() +
                                                           " lists it: the model is not complete, e.g. "
                                                           "after a download that has been interrupted";
    for (auto const& file : shards.files) read_file(directory / file, why_it_matters, catalog, tensors, headers_only);
    if (shards.index.empty()) {
      check_disjoint(catalog, tensors);
    } else {
      apply_index(shards, catalog, tensors);
    }
  }
  if (!headers_only.cut.empty()) {
    catalog.warnings.push_back(
        path + ": files are cut short, so that it can be planned for, but not be loaded: " + headers_only.cut.text());
  }
  if (!headers_only.holes.empty()) {
    catalog.warnings.push_back(path + ": files have headers only, and holes instead of data, which read as zeros: " +
                               headers_only.holes.text());
  }
  set_unreadable_aside(catalog, tensors);
  if (tensors.empty() && catalog.unreadable.empty()) throw NoValidCheckpoint(path + ": holds no tensors");
  read_model_config(directory, catalog.metadata);
  catalog.metadata.files = find_files(directory, catalog.warnings);
  add_tensors(std::move(tensors), catalog);
  validate(catalog);
  return catalog;
}

}  // namespace distload
