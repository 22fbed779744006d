// Cuts at all boundaries of all pieces.
#include "plan/demand/common_boxes.hpp"

#include <algorithm>
#include <cstdint>

namespace distload {
namespace {

/// All positions on an axis at which a group's piece begins or ends.
std::vector<std::uint64_t> boundaries(Holders const& holders, std::size_t axis) {
  std::vector<std::uint64_t> cuts;
  for (auto const& group : holders.groups()) {
    for (auto const& piece : group.layout.pieces) {
      cuts.push_back(piece.global.offset[axis]);
      cuts.push_back(piece.global.offset[axis] + piece.global.extent[axis]);
    }
  }
  std::ranges::sort(cuts);
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  return cuts;
}

}  // namespace

std::vector<Box> common_boxes(Holders const& holders, Shape const& shape) {
  if (shape.empty()) return {whole(shape)};
  auto const axis = holders.axis();
  auto const cuts = boundaries(holders, axis);
  std::vector<Box> boxes;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    Box box = whole(shape);
    box.offset[axis] = cuts[i];
    box.extent[axis] = cuts[i + 1] - cuts[i];
    boxes.push_back(box);
  }
  return boxes;
}

}  // namespace distload
