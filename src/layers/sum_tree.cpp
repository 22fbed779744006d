#include "layers/sum_tree.hpp"

#include <algorithm>

namespace distload {
namespace {

/// Leaves of the largest subtree that begins at leaf `first` and ends at or before `end`.
std::uint32_t largest_subtree(std::uint64_t segments, std::uint64_t first, std::uint64_t end) {
  std::uint64_t count = 1;
  for (std::uint64_t width = 2; width < 2 * segments && first % width == 0; width *= 2) {
    auto const last = std::min(first + width, segments);  // the tree's last subtrees may lack leaves
    if (last > end) break;
    count = last - first;
  }
  return static_cast<std::uint32_t>(count);
}

}  // namespace

std::vector<SumNode> subtrees_of(std::uint32_t segments, std::uint32_t first, std::uint32_t count) {
  std::vector<SumNode> nodes;
  auto const end = first + count;
  while (first < end) {
    nodes.push_back({first, largest_subtree(segments, first, end)});
    first += nodes.back().count;
  }
  return nodes;
}

}  // namespace distload
