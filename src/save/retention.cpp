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

namespace distload {
namespace {

bool is_valid(std::string const& path) {
  try {
    static_cast<void>(read_hdf5_catalog(path));
    return true;
  } catch (Error const&) {
    return false;
  }
}

void remove_file(std::string const& path) {
  std::error_code error;
  std::filesystem::remove(path, error);
  if (error) log().warn("{} cannot be removed: {}", path, error.message());
}

struct Found {
  std::map<std::uint64_t, std::string, std::greater<>> older;  ///< by step, newest first
  std::vector<std::string> unfinished;
};

Found find_older(std::string const& directory, std::uint64_t step) {
  Found found;
  std::error_code error;
  for (auto const& entry : std::filesystem::directory_iterator(directory, error)) {
    auto const name = entry.path().filename().string();
    if (auto const other = step_of_file_name(name); other && *other < step) found.older.emplace(*other, entry.path());
    auto const intended = final_name(name);
    if (auto const other = intended ? step_of_file_name(*intended) : std::nullopt; other && *other < step) {
      found.unfinished.push_back(entry.path());
    }
  }
  if (error) log().warn("{} cannot be searched for old checkpoints: {}", directory, error.message());
  return found;
}

}  // namespace

void remove_old_checkpoints(std::string const& directory, std::uint64_t step, std::uint64_t keep) {
  auto const found = find_older(directory, step);
  std::ranges::for_each(found.unfinished, remove_file);
  if (keep == 0) return;
  std::uint64_t kept = 1;
  for (auto const& [older_step, path] : found.older) {
    if (!is_valid(path)) continue;
    if (kept < keep) {
      ++kept;
    } else {
      remove_file(path);
    }
  }
}

}  // namespace distload
