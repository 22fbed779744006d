// Reads /proc/self/status and /proc/meminfo.
#include "base/process_memory.hpp"

#include <algorithm>
#include <fstream>
#include <string>

#include "base/control_group.hpp"

namespace distload {
namespace {

/// The value of `key` in a file like /proc/meminfo, converted from kB to bytes.
std::optional<Bytes> read_kilobytes(char const* path, std::string const& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(key, 0) == 0) return std::stoull(line.substr(key.size())) * kKiB;
  }
  return std::nullopt;
}

}  // namespace

void reset_peak_resident() noexcept {
  // 5 resets the peak (proc(5), clear_refs).
  std::ofstream("/proc/self/clear_refs") << "5\n";
}

std::optional<Bytes> peak_resident_bytes() { return read_kilobytes("/proc/self/status", "VmHWM:"); }

std::optional<Bytes> anonymous_resident_bytes() { return read_kilobytes("/proc/self/status", "RssAnon:"); }

std::optional<Bytes> available_host_bytes(std::uint32_t sharers) {
  auto available = read_kilobytes("/proc/meminfo", "MemAvailable:");
  if (auto const group = control_group_bytes("/proc/self/cgroup", "/sys/fs/cgroup"))
    available = std::min(available.value_or(*group), *group);
  if (available) *available /= sharers;
  return available;
}

}  // namespace distload
