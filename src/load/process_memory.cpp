// Reading /proc/self/status, /proc/meminfo and the control group's files.
#include "load/process_memory.hpp"

#include <Kokkos_Core.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "load/arena.hpp"

namespace distload {
namespace {

/// The number of kB after `key` in a file like /proc/meminfo, in bytes.
std::optional<Bytes> read_kilobytes(char const* path, std::string const& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(key, 0) == 0) return std::stoull(line.substr(key.size())) * kKiB;
  }
  return std::nullopt;
}

std::optional<Bytes> read_number(std::filesystem::path const& path) {
  std::ifstream file(path);
  Bytes value = 0;
  if (file >> value) return value;  // "max" is no number: no limit
  return std::nullopt;
}

/// Bytes of page cache that are charged to a control group: they are given up when memory is needed.
Bytes cached_bytes(std::filesystem::path const& group) {
  std::ifstream file(group / "memory.stat");
  std::string key;
  Bytes value = 0;
  while (file >> key >> value) {
    if (key == "file") return value;
  }
  return 0;
}

/// What this process's control group (version 2) and the groups above it leave of their limits.
std::optional<Bytes> control_group_bytes() {
  std::ifstream own("/proc/self/cgroup");
  std::string line;
  while (std::getline(own, line) && line.rfind("0::", 0) != 0) {
  }
  if (line.rfind("0::", 0) != 0) return std::nullopt;

  std::filesystem::path const root = "/sys/fs/cgroup";
  std::optional<Bytes> least;
  for (auto group = root / std::filesystem::path(line.substr(3)).relative_path();; group = group.parent_path()) {
    auto const limit = read_number(group / "memory.max");
    auto const charged = read_number(group / "memory.current");
    if (limit && charged) {
      auto const used = *charged - std::min(*charged, cached_bytes(group));
      auto const left = *limit - std::min(*limit, used);
      least = std::min(least.value_or(left), left);
    }
    if (group == root || !group.has_relative_path()) return least;
  }
}

}  // namespace

void reset_peak_resident() noexcept {
  // 5 means: reset the peak (proc(5), clear_refs).
  std::ofstream("/proc/self/clear_refs") << "5\n";
}

std::optional<Bytes> peak_resident_bytes() { return read_kilobytes("/proc/self/status", "VmHWM:"); }

std::optional<Bytes> available_host_bytes(std::uint32_t sharers) {
  auto available = read_kilobytes("/proc/meminfo", "MemAvailable:");
  if (auto const group = control_group_bytes()) available = std::min(available.value_or(*group), *group);
  if (available) *available /= sharers;
  return available;
}

std::optional<Bytes> available_bytes(std::uint32_t sharers) {
#if defined(KOKKOS_ENABLE_CUDA)
  if constexpr (!kArenaOnHost) {
    std::size_t free = 0;
    std::size_t total = 0;
    // Ranks with a device each share nothing.
    if (cudaMemGetInfo(&free, &total) == cudaSuccess) return free;
    return std::nullopt;
  }
#endif
  return available_host_bytes(sharers);
}

}  // namespace distload
