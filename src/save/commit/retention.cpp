// Removes old checkpoints.
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
#include "save/commit/foreign_content.hpp"

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

/// Makes a directory invalid as a checkpoint before removing its files: a crash in between would otherwise leave an
/// incomplete one.
void remove_checkpoint(std::string const& path) {
  auto const foreign = foreign_content(path, Stage::finished);
  if (!foreign.empty()) {
    log().warn("{} stays, although `keep` does not keep it: it holds what distload did not write: {}", path,
               list_some(foreign));
    return;
  }
  std::error_code error;
  auto const aside = temporary_name(path);
  auto const is_directory = std::filesystem::is_directory(path, error);
  if (!is_directory || std::filesystem::exists(std::filesystem::symlink_status(aside, error)))
    return remove_unless_foreign(path, Stage::finished);
  std::filesystem::rename(path, aside, error);
  remove_unless_foreign(error ? path : aside, Stage::finished);
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
