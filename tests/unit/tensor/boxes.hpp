/// Boxes in two tensors, element by element: what strided copies of any kind are compared with.
#pragma once

#include <cstdint>
#include <random>

#include "tensor/strided_copy.hpp"

namespace distload::testing {

/// Makes two tensors that are, along each axis, up to four elements larger than a box of `extent`, and places it there.
inline void place_at_random(Placed& source, Placed& destination, Dims const& extent, std::mt19937_64& random) {
  for (auto* const side : {&source, &destination}) {
    for (auto const size : extent) {
      auto const before = random() % 3;
      side->position.push_back(before);
      side->shape.push_back(before + size + random() % 3);
    }
  }
}

/// Calls `visit` with the index, in the memory of either tensor, of every element of the box.
template <typename Visit>
void for_each_element(Placed const& source, Placed const& destination, Dims const& extent, Visit visit) {
  auto const index = [](Placed const& side, Dims position) {
    for (std::size_t axis = 0; axis < position.size(); ++axis) position[axis] += side.position[axis];
    return side.transposed ? linear_index(with_last_axes_swapped(side.shape), with_last_axes_swapped(position))
                           : linear_index(side.shape, position);
  };
  for (std::uint64_t i = 0; i < volume(extent); ++i) {
    auto position = Dims::filled(extent.size(), 0);
    auto rest = i;
    for (std::size_t axis = extent.size(); axis-- > 0;) {
      position[axis] = rest % extent[axis];
      rest /= extent[axis];
    }
    visit(index(source, position), index(destination, position));
  }
}

}  // namespace distload::testing
