// Checks names, sizes, hashes and first bytes.
#include "save/commit/foreign_content.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

#include <distload/base/error.hpp>

#include "base/log.hpp"
#include "checkpoint/file_name.hpp"
#include "checkpoint/hdf5/read_catalog.hpp"
#include "checkpoint/safetensors/file_layout.hpp"
#include "checkpoint/seal/seal.hpp"
#include "io/files/input_file.hpp"
#include "save/commit/manifest.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;

struct Entry {
  std::string name;  ///< in the directory
  std::string path;
  fs::file_type type = fs::file_type::none;
};

/// All entries below a directory, each directory before its content.
std::vector<Entry> entries_below(std::string const& directory) {
  std::vector<Entry> entries;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    auto const& path = entry->path();
    entries.push_back(
        {path.lexically_relative(directory).string(), path.string(), entry->symlink_status(error).type()});
  }
  if (error) throw IoError("cannot list " + directory + ": " + error.message());
  return entries;
}

/// "model.safetensors", "model-00001-of-00003.safetensors"
bool is_model_file(std::string_view name) {
  constexpr std::string_view kSuffix = ".safetensors";
  if (!name.starts_with("model") || !name.ends_with(kSuffix)) return false;
  name = name.substr(5, name.size() - 5 - kSuffix.size());
  if (name.empty()) return true;
  auto const middle = name.find("-of-");
  if (name.front() != '-' || middle == std::string_view::npos) return false;
  auto const is_number = [](std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
  };
  return is_number(name.substr(1, middle - 1)) && is_number(name.substr(middle + 4));
}

/// True for the files in which distload records the content of a directory.
bool is_record(std::string_view name) {
  return name == kManifestFile || name == kUnfinishedManifestFile || name == kSealFile ||
         name == temporary_name(kSealFile);
}

/// A directory without manifest: written by an old version, or interrupted by a crash.
class WithoutManifest {
 public:
  explicit WithoutManifest(std::vector<Entry> const& entries)
      : has_model_(std::ranges::any_of(entries, [](Entry const& entry) { return is_model_file(entry.name); })) {}

  std::optional<std::string> why_foreign(Entry const& entry) const {
    if (is_record(entry.name)) return std::nullopt;
    auto const is_known =
        is_model_file(entry.name) || entry.name == "config.json" || entry.name == kSafetensorsIndexFile;
    if (entry.type == fs::file_type::regular && is_known && has_model_) return std::nullopt;
    return "not written by distload";
  }

 private:
  bool has_model_;
};

std::optional<std::string> why_foreign(Entry const& entry, Manifest const& manifest) {
  if (entry.type == fs::file_type::directory) {
    auto const prefix = entry.name + "/";
    auto const next = manifest.files.lower_bound(prefix);
    if (next != manifest.files.end() && next->first.starts_with(prefix)) return std::nullopt;
    return "not written by distload";
  }
  if (entry.type == fs::file_type::symlink) return "a symbolic link";
  if (entry.type == fs::file_type::regular && is_record(entry.name)) return std::nullopt;
  auto const listed = manifest.files.find(entry.name);
  if (listed == manifest.files.end() || entry.type != fs::file_type::regular) return "not written by distload";
  if (!manifest.is_complete) return std::nullopt;
  std::error_code error;
  if (fs::file_size(entry.path, error) != listed->second.size_bytes || manifest_entry(entry.path) != listed->second)
    return "changed since distload wrote it";
  return std::nullopt;
}

/// Calls `found` with every entry of a directory and the reason why it is foreign, if it is.
template <class F>
void look_at(std::string const& directory, std::vector<Entry> const& entries, F const& found) {
  auto const manifest = read_manifest(directory);
  WithoutManifest const without(entries);
  for (auto const& entry : entries) found(entry, manifest ? why_foreign(entry, *manifest) : without.why_foreign(entry));
}

/// True if the first bytes are those of a distload file, complete or not: HDF5's signature and the attribute that names
/// the format.
bool begins_like_ours(std::span<char const> head) {
  constexpr std::string_view kSignature("\x89HDF\r\n\x1a\n", 8);
  std::string_view const text(head.data(), head.size());
  auto const format = text.find("format");
  return text.starts_with(kSignature) && format != std::string_view::npos &&
         text.find("distload", format) != std::string_view::npos;
}

std::optional<std::string> why_file_is_foreign(std::string const& path, Stage stage) {
  std::array<char, 4096> buffer{};
  auto const read = InputFile(path).read_at(0, std::as_writable_bytes(std::span(buffer)));
  auto const head = std::span(buffer).first(read);
  // Space is allocated before anything is written.
  if (stage == Stage::unfinished && std::ranges::all_of(head, [](char c) { return c == '\0'; })) return std::nullopt;
  if (!begins_like_ours(head)) return "not written by distload";
  if (stage == Stage::finished && was_edited(path)) return "changed since distload wrote it";
  return std::nullopt;
}

/// The final name of the checkpoint that `path` is, was before its replacement, or will have.
std::string checkpoint_name(std::string const& path) {
  auto const name = fs::path(path).filename().string();
  return final_name(name).value_or(replaced_by(name).value_or(name));
}

/// Nothing if the entry has the type that its name implies.
std::optional<std::string> why_of_wrong_kind(std::string const& path, fs::file_type type) {
  if (type == fs::file_type::symlink) return "a symbolic link";
  if (type != fs::file_type::regular && type != fs::file_type::directory) return "no file";
  auto const name = checkpoint_name(path);
  if (type == fs::file_type::directory && step_of_file_name(name)) return "a directory instead of a file";
  if (type == fs::file_type::regular && step_of_directory_name(name)) return "a file instead of a directory";
  return std::nullopt;
}

std::string with_reason(std::string const& path, std::string const& reason) { return path + " (" + reason + ")"; }

void remove_one_or_warn(std::string const& path) {
  std::error_code error;
  fs::remove(path, error);
  if (error) log().warn("{} cannot be removed: {}", path, error.message());
}

void remove_directory_unless_foreign(std::string const& directory, std::vector<std::string>& foreign) {
  auto const entries = entries_below(directory);
  std::vector<Entry const*> written;
  look_at(directory, entries, [&](Entry const& entry, std::optional<std::string> const& why) {
    if (why) {
      foreign.push_back(with_reason(entry.path, *why));
    } else {
      written.push_back(&entry);
    }
  });
  if (!foreign.empty()) return;
  // Files before their directories, and records after the files that they list.
  std::ranges::reverse(written);
  std::stable_partition(written.begin(), written.end(), [](Entry const* entry) { return !is_record(entry->name); });
  for (auto const* entry : written) remove_one_or_warn(entry->path);
  remove_one_or_warn(directory);
}

}  // namespace

std::vector<std::string> foreign_content(std::string const& path, Stage stage) {
  std::error_code error;
  auto const type = fs::symlink_status(path, error).type();
  if (type == fs::file_type::not_found) return {};
  if (auto const why = why_of_wrong_kind(path, type)) return {with_reason(path, *why)};
  std::vector<std::string> foreign;
  if (type == fs::file_type::regular) {
    if (auto const why = why_file_is_foreign(path, stage)) foreign.push_back(with_reason(path, *why));
    return foreign;
  }
  look_at(path, entries_below(path), [&](Entry const& entry, std::optional<std::string> const& why) {
    if (why) foreign.push_back(with_reason(entry.path, *why));
  });
  return foreign;
}

std::string list_some(std::vector<std::string> const& items) {
  constexpr std::size_t kMost = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(items.size(), kMost); ++i) text += (i == 0 ? "" : ", ") + items[i];
  return items.size() <= kMost ? text : text + " and " + std::to_string(items.size() - kMost) + " more";
}

void remove_unless_foreign(std::string const& path, Stage stage) {
  try {
    std::error_code error;
    auto const type = fs::symlink_status(path, error).type();
    std::vector<std::string> foreign;
    if (type == fs::file_type::directory && !why_of_wrong_kind(path, type)) {
      remove_directory_unless_foreign(path, foreign);
    } else if (foreign = foreign_content(path, stage); foreign.empty()) {
      remove_one_or_warn(path);
    }
    if (!foreign.empty()) log().warn("{} stays: it holds what distload did not write: {}", path, list_some(foreign));
  } catch (IoError const& error) {
    log().warn("{} stays: {}", path, error.what());
  }
}

bool holds_one_of(std::string const& path, std::span<FileIdentity const> identities) {
  auto const is_one = [&](std::string const& candidate) {
    auto const identity = identity_of(candidate);
    return identity && std::ranges::binary_search(identities, *identity);
  };
  if (is_one(path)) return true;
  std::error_code error;
  if (!fs::is_directory(fs::symlink_status(path, error))) return false;
  return std::ranges::any_of(entries_below(path), [&](Entry const& entry) { return is_one(entry.path); });
}

Bytes bytes_of(std::string const& path) {
  std::error_code error;
  auto const size = [&](std::string const& file) {
    auto const bytes = fs::file_size(file, error);
    return error ? 0 : bytes;
  };
  if (!fs::is_directory(fs::symlink_status(path, error))) return size(path);
  Bytes bytes = 0;
  for (auto const& entry : entries_below(path)) {
    if (entry.type == fs::file_type::regular) bytes += size(entry.path);
  }
  return bytes;
}

}  // namespace distload
