// Cuts an axis into segments and finds who holds which.
#include "layers/segments.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "layers/sum_tree.hpp"

namespace distload {

std::uint32_t segments_of_width(std::uint64_t width) noexcept {
  constexpr std::array<std::uint32_t, 10> kRanks{1, 2, 3, 4, 6, 8, 12, 16, 24, 48};
  std::uint32_t segments = 1;
  for (auto const ranks : kRanks) {
    if (width % ranks == 0) segments = std::lcm(segments, ranks);
  }
  return segments;
}

SharedSegments share_segments(std::uint64_t width, std::uint32_t segments, std::vector<Range> const& of_ranks,
                              std::uint32_t rank) {
  auto const length = width / segments;
  SharedSegments shared;
  shared.segments = segments;
  shared.is_exact = std::ranges::all_of(
      of_ranks, [&](Range const& range) { return range.begin % length == 0 && range.end % length == 0; });
  auto const& own = of_ranks[rank];
  if (!shared.is_exact) {
    shared.local = {{0, own.size()}, {{0, 1}}};
    for (std::uint32_t i = 0; i < of_ranks.size(); ++i) shared.nodes.push_back({{i, 1}});
    return shared;
  }
  auto const first_of = [&](Range const& range) { return static_cast<std::uint32_t>(range.begin / length); };
  for (auto const& range : of_ranks) {
    shared.nodes.push_back(subtrees_of(segments, first_of(range), static_cast<std::uint32_t>(range.size() / length)));
  }
  for (std::uint64_t border = 0; border <= own.size(); border += length) shared.local.borders.push_back(border);
  shared.local.nodes = shared.nodes[rank];
  for (auto& node : shared.local.nodes) node.first -= first_of(own);
  return shared;
}

}  // namespace distload
