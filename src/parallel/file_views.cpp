// A view is known by a hash of what tells machines and sets of mounts apart.
#include "parallel/file_views.hpp"

#include <array>
#include <fstream>
#include <string>

#include <unistd.h>

#include "base/hash.hpp"
#include "base/system.hpp"
#include "parallel/all_gathered.hpp"

namespace distload {
namespace {

/// Machines may have equal names, e.g. in containers; the kernel's number of this boot tells them apart. Containers of
/// one machine have mounts of their own.
std::uint64_t own_view() {
  auto text = host_name();
  std::string boot;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), boot);
  std::array<char, 64> mounts{};
  auto const length = readlink("/proc/self/ns/mnt", mounts.data(), mounts.size());
  text.append("\n").append(boot).append("\n").append(mounts.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  return xxh3_64(std::as_bytes(std::span(text)));
}

}  // namespace

FileViews::FileViews(Communicator& ranks) {
  auto const views = all_gathered(ranks, own_view());
  first_.reserve(views.size());
  for (auto const view : views)
    first_.push_back(static_cast<std::uint32_t>(std::find(views.begin(), views.end(), view) - views.begin()));
}

}  // namespace distload
