// Removal of old and of unfinished checkpoints.
#include "save/retention.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <vector>

#include <distload/base/error.hpp>

#include "base/log.hpp"
#include "checkpoint/file_name.hpp"
#include "checkpoint/hdf5/read_catalog.hpp"
#include "checkpoint/safetensors/directory.hpp"

namespace distload {
namespace {

bool is_valid(std::string const& path) {
  try {
    static_cast<void>(std::filesystem::is_directory(path) ? read_safetensors_catalog(path) : read_hdf5_catalog(path));
    return true;
  } catch (Error const&) {
    return false;
  }
}

void remove(std::string const& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) log().warn("{} cannot be removed: {}", path, error.message());
}

/// A directory is no checkpoint any more before its files go: a crash in between would leave half of one.
void remove_checkpoint(std::string const& path) {
  if (!std::filesystem::is_directory(path)) return remove(path);
  std::error_code error;
  std::filesystem::rename(path, temporary_name(path), error);
  remove(error ? path : temporary_name(path));
}

struct Found {
  std::map<std::uint64_t, std::vector<std::string>, std::greater<>> older;  ///< by step, newest first
  std::vector<std::string> unfinished;
};

/// The step that a file or directory of that name holds.
std::optional<std::uint64_t> step_of(std::string const& name, bool is_directory) {
  return is_directory ? step_of_directory_name(name) : step_of_file_name(name);
}

Found find_older(std::string const& directory, std::uint64_t step) {
  Found found;
  std::error_code error;
  for (auto const& entry : std::filesystem::directory_iterator(directory, error)) {
    auto const name = entry.path().filename().string();
    std::error_code not_reachable;
    auto const is_directory = entry.is_directory(not_reachable);
    if (auto const other = step_of(name, is_directory); other && *other < step)
      found.older[*other].push_back(entry.path());
    auto const intended = final_name(name);
    if (auto const other = intended ? step_of(*intended, is_directory) : std::nullopt; other && *other < step)
      found.unfinished.push_back(entry.path());
  }
  if (error) log().warn("{} cannot be searched for old checkpoints: {}", directory, error.message());
  return found;
}

}  // namespace

void remove_old_checkpoints(std::string const& directory, std::uint64_t step, std::uint64_t keep) {
  auto found = find_older(directory, step);
  std::ranges::for_each(found.unfinished, remove);
  if (keep == 0) return;
  std::uint64_t kept = 1;
  for (auto& [older_step, paths] : found.older) {
    std::erase_if(paths, [](std::string const& path) { return !is_valid(path); });
    if (paths.empty()) continue;
    if (kept < keep) {
      ++kept;
    } else {
      std::ranges::for_each(paths, remove_checkpoint);
    }
  }
}

}  // namespace distload
