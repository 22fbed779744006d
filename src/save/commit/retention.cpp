// Removal of old checkpoints.
#include "save/commit/retention.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <vector>

#include <distload/base/error.hpp>

#include "base/log.hpp"
#include "checkpoint/file_name.hpp"
#include "checkpoint/hdf5/read_catalog.hpp"
#include "checkpoint/open/step_directory.hpp"
#include "checkpoint/safetensors/directory.hpp"
#include "save/commit/durable.hpp"

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

/// A directory is no checkpoint any more before its files go: a crash in between would leave half of one.
void remove_checkpoint(std::string const& path) {
  if (!std::filesystem::is_directory(path)) return remove_or_warn(path);
  std::error_code error;
  std::filesystem::rename(path, temporary_name(path), error);
  remove_or_warn(error ? path : temporary_name(path));
}

/// By step, the newest first.
using Steps = std::map<std::uint64_t, std::vector<std::string>, std::greater<>>;

/// The valid checkpoints up to `step`.
Steps find_valid(std::string const& directory, std::uint64_t step) {
  Steps valid;
  for (auto const& file : list_steps(directory)) {
    if (file.step <= step && is_valid(file.path)) valid[file.step].push_back(file.path);
  }
  return valid;
}

}  // namespace

void remove_old_checkpoints(std::string const& directory, std::uint64_t step, std::uint64_t keep) {
  if (keep == 0) return;
  try {
    auto const valid = find_valid(directory, step);
    if (!valid.contains(step)) {
      log().warn("{}: step {} is not valid, and no older one is removed", directory, step);
      return;
    }
    std::uint64_t kept = 0;
    for (auto const& [number, paths] : valid) {
      if (++kept > keep) std::ranges::for_each(paths, remove_checkpoint);
    }
  } catch (IoError const& error) {
    log().warn("old checkpoints stay: {}", error.what());
  }
}

}  // namespace distload
