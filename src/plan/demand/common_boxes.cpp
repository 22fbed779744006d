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

/// Divides each box at `cuts` of an axis.
std::vector<Box> divided(std::vector<Box> const& boxes, std::size_t axis, std::vector<std::uint64_t> const& cuts) {
  std::vector<Box> parts;
  for (auto const& box : boxes) {
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
      auto part = box;
      part.offset[axis] = cuts[i];
      part.extent[axis] = cuts[i + 1] - cuts[i];
      parts.push_back(part);
    }
  }
  return parts;
}

}  // namespace

std::vector<Box> common_boxes(Holders const& holders, Shape const& shape) {
  if (shape.empty()) return {whole(shape)};
  auto const first = holders.axis();
  auto boxes = divided({whole(shape)}, first, boundaries(holders, first));
  if (holders.has_one_axis()) return boxes;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (axis != first) boxes = divided(boxes, axis, boundaries(holders, axis));
  }
  std::erase_if(boxes, [&](Box const& box) { return holders.wants_in(box).empty(); });
  return boxes;
}

}  // namespace distload
