// Chooses among the files of a directory.
#include "checkpoint/safetensors/find_shards.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>

#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "checkpoint/safetensors/file_layout.hpp"
#include "checkpoint/safetensors/read_index.hpp"
#include "checkpoint/unloadable.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;

constexpr char const* kModelFile = "model.safetensors";
constexpr std::string_view kFileEnding = ".safetensors";
constexpr std::size_t kShownFiles = 5;

bool is_adapter(std::string const& name) { return name.starts_with("adapter_model."); }
/// Mistral's own format, often beside the same model in the Hugging Face one.
bool is_consolidated(std::string const& name) { return name.starts_with("consolidated"); }
bool is_index(std::string const& name) { return name.ends_with(kIndexEnding); }

/// True also for a link that leads nowhere, which is to be reported and not ignored.
bool is_there(fs::path const& path) {
  std::error_code error;
  return fs::exists(fs::symlink_status(path, error));
}

/// The sorted names of files and indexes, without adapters.
std::vector<std::string> shards_in(fs::path const& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    auto name = entry->path().filename().string();
    std::error_code ignored;
    if (!(name.ends_with(kFileEnding) || is_index(name)) || is_adapter(name) || name.starts_with('.')) continue;
    if (!entry->is_directory(ignored)) names.push_back(std::move(name));
  }
  if (error) throw IoError("cannot list " + directory.string() + ": " + error.message());
  std::ranges::sort(names);
  return names;
}

std::string list_of_files(std::vector<std::string> const& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kShownFiles); ++i)
    text += (i == 0 ? "" : ", ") + printable(names[i]);
  return names.size() <= kShownFiles ? text : text + " and " + std::to_string(names.size() - kShownFiles) + " more";
}

/// "model-00002-of-00005.safetensors" is file 2 of 5 of "model-".
struct Numbered {
  std::string_view before;
  std::uint32_t number = 0;
  std::uint32_t count = 0;
};

std::optional<Numbered> numbered(std::string_view name) {
  constexpr std::string_view kOf = "-of-";
  auto const of = name.rfind(kOf);
  if (of == std::string_view::npos || !name.ends_with(kFileEnding)) return std::nullopt;
  auto const parse = [](std::string_view text) -> std::optional<std::uint32_t> {
    std::uint32_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
  };
  auto begin = of;
  while (begin > 0 && name[begin - 1] >= '0' && name[begin - 1] <= '9') --begin;
  auto const number = parse(name.substr(begin, of - begin));
  auto const count = parse(name.substr(of + kOf.size(), name.size() - of - kOf.size() - kFileEnding.size()));
  if (!number || !count) return std::nullopt;
  return Numbered{name.substr(0, begin), *number, *count};
}

/// @throws NoValidCheckpoint  a file of a numbered series is missing.
void check_series(fs::path const& directory, std::vector<std::string> const& names) {
  for (auto const& name : names) {
    auto const of = numbered(name);
    if (!of) continue;
    std::uint32_t found = 0;
    for (auto const& other : names) {
      auto const same = numbered(other);
      if (same && same->before == of->before && same->count == of->count) ++found;
    }
    if (found >= of->count) continue;
    throw NoValidCheckpoint(directory.string() + ": has " + std::to_string(found) + " of the " +
                            std::to_string(of->count) + " files of " + printable(name) +
                            " and no index; its download is not complete");
  }
}

/// Warns of files that belong to no index and are no known kind of copy.
void warn_of_others(fs::path const& directory, std::vector<std::string> const& names, std::string const& why,
                    Shards& shards) {
  std::vector<std::string> others;
  for (auto const& name : names) {
    if (is_index(name) || is_consolidated(name) || std::ranges::binary_search(shards.files, name)) continue;
    others.push_back(name);
  }
  if (others.empty()) return;
  shards.warnings.push_back(directory.string() + ": " + list_of_files(others) +
                            (others.size() == 1 ? " is ignored: " : " are ignored: ") + why);
}

Shards by_index(fs::path const& directory, std::string const& name, std::vector<std::string> const& names) {
  auto shards = shards_of_index(directory / name);
  warn_of_others(directory, names, "not in " + name, shards);
  return shards;
}

Shards all_of(fs::path const& directory, std::vector<std::string> names) {
  if (std::ranges::any_of(names, is_of_one_rank)) {
    if (auto const what = what_directory_holds(directory)) throw NoValidCheckpoint(*what);
  }
  check_series(directory, names);
  return {.files = std::move(names), .index = {}, .file_of = {}, .warnings = {}};
}

}  // namespace

bool has_model_file(fs::path const& directory) {
  return is_there(directory / kModelFile) || is_there(directory / kSafetensorsIndexFile);
}

bool has_any_shard(fs::path const& directory) { return !shards_in(directory).empty(); }

Shards shards_of_index(fs::path const& index) {
  Shards shards{.files = {}, .index = index, .file_of = read_index(index), .warnings = {}};
  std::set<std::string> files;
  for (auto const& [tensor, file] : shards.file_of) files.insert(file);
  shards.files.assign(files.begin(), files.end());
  return shards;
}

Shards find_shards(fs::path const& directory) {
  auto names = shards_in(directory);
  auto const has = [&](std::string const& name) { return std::ranges::binary_search(names, name); };
  if (has(kSafetensorsIndexFile)) {
    auto shards = by_index(directory, kSafetensorsIndexFile, names);
    auto const gone = std::ranges::find_if(shards.files, [&](auto const& file) { return !is_there(directory / file); });
    if (gone == shards.files.end() || !has(kModelFile)) return shards;
    return {.files = {kModelFile},
            .index = {},
            .file_of = {},
            .warnings = {shards.index.string() + ": lists " + printable(*gone) +
                         ", which is not there: the index is ignored, and model.safetensors is loaded"}};
  }
  if (has(kModelFile)) {
    Shards shards{.files = {kModelFile}, .index = {}, .file_of = {}, .warnings = {}};
    warn_of_others(directory, names, "model.safetensors is loaded, and there is no index", shards);
    return shards;
  }
  // Of the format of Mistral and the one of Hugging Face, the latter, which has a config.json.
  if (!std::ranges::all_of(names, is_consolidated)) std::erase_if(names, is_consolidated);
  std::vector<std::string> indexes;
  std::ranges::copy_if(names, std::back_inserter(indexes), is_index);
  if (indexes.size() == 1) return by_index(directory, indexes.front(), names);
  if (indexes.size() > 1)
    throw NoValidCheckpoint(directory.string() + ": has several indexes, " + list_of_files(indexes) +
                            ": give the path of one of them");
  if (names.empty()) throw NoValidCheckpoint(directory.string() + ": has no safetensors file");
  return all_of(directory, std::move(names));
}

fs::path whole_model_of(fs::path const& file) {
  auto const directory = file.has_parent_path() ? file.parent_path() : fs::path(".");
  auto const name = file.filename().string();
  if (auto const of = numbered(name); of && of->count > 1) return directory;
  std::error_code ignored;
  if (!fs::is_directory(directory, ignored)) return {};
  for (auto const& index : shards_in(directory)) {
    if (!is_index(index)) continue;
    try {
      auto const shards = shards_of_index(directory / index);
      if (shards.files.size() > 1 && std::ranges::binary_search(shards.files, name)) return directory;
    } catch (Error const&) {
      continue;  // an index that cannot be read says nothing about this file
    }
  }
  return {};
}

}  // namespace distload
