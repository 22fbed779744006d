// Identifies a view by a hash of the machine and its mounts.
#include "parallel/file_views.hpp"

#include <array>
#include <string>

#include <unistd.h>

#include "base/hash.hpp"
#include "parallel/all_gathered.hpp"
#include "parallel/machine_identity.hpp"

namespace distload {
namespace {

/// Containers on one machine have different mounts.
std::uint64_t own_view() {
  auto text = std::to_string(machine_identity());
  std::array<char, 64> mounts{};
  auto const length = readlink("/proc/self/ns/mnt", mounts.data(), mounts.size());
  text.append("\n").append(mounts.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
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
