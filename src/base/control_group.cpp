// Reads the limits of a control group and of its ancestors.
#include "base/control_group.hpp"

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>

namespace distload {
namespace {

namespace fs = std::filesystem;

/// The file names of one version of control groups, and the keys in its memory.stat.
struct Version {
  std::string_view hierarchy;  ///< path below the mount point
  std::string_view limit;
  std::string_view used;
  std::string_view cached;  ///< key of the page cache, including shared memory, of the group and its descendants
  std::string_view shared;
};

constexpr Version kVersion1{"memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_cache", "total_shmem"};
constexpr Version kVersion2{"", "memory.max", "memory.current", "file", "shmem"};

std::optional<Bytes> read_number(fs::path const& path) {
  std::ifstream file(path);
  Bytes value = 0;
  if (file >> value) return value;  // "max" is not a number and means no limit
  return std::nullopt;
}

/// Reclaimable page cache charged to a group. Shared memory is subtracted: it is counted as cache but cannot be
/// reclaimed.
Bytes cached_bytes(fs::path const& group, Version const& version) {
  std::ifstream file(group / "memory.stat");
  Bytes cached = 0;
  Bytes shared = 0;
  std::string key;
  Bytes value = 0;
  while (file >> key >> value) {
    if (key == version.cached) cached = value;
    if (key == version.shared) shared = value;
  }
  return cached - std::min(cached, shared);
}

std::optional<Bytes> left_in(fs::path const& group, Version const& version) {
  auto const limit = read_number(group / version.limit);
  auto const charged = read_number(group / version.used);
  if (!limit || !charged) return std::nullopt;
  auto const used = *charged - std::min(*charged, cached_bytes(group, version));
  return *limit - std::min(*limit, used);
}

/// The version that a line "number:controllers:group" of /proc/self/cgroup describes; nullptr if the line is not about
/// memory.
Version const* version_of(std::string_view controllers) {
  if (controllers.empty()) return &kVersion2;
  auto const list = "," + std::string(controllers) + ",";
  return list.find(",memory,") == std::string::npos ? nullptr : &kVersion1;
}

}  // namespace

std::optional<Bytes> control_group_bytes(fs::path const& groups_of_process, fs::path const& root) {
  std::optional<Bytes> least;
  std::ifstream groups(groups_of_process);
  for (std::string line; std::getline(groups, line);) {
    auto const controllers = line.find(':') + 1;
    auto const path = line.find(':', controllers) + 1;
    if (controllers == 0 || path == 0) continue;
    auto const* const version = version_of(std::string_view(line).substr(controllers, path - 1 - controllers));
    if (version == nullptr) continue;

    auto const top = version->hierarchy.empty() ? root : root / version->hierarchy;
    for (auto group = top / fs::path(line.substr(path)).relative_path();; group = group.parent_path()) {
      if (auto const left = left_in(group, *version)) least = std::min(least.value_or(*left), *left);
      if (group == top || !group.has_relative_path()) break;
    }
  }
  return least;
}

}  // namespace distload
