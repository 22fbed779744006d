/// Box: a rectangular part of a tensor, and the index arithmetic on it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <distload/tensor/dims.hpp>

namespace distload {

/// Offset and extent per axis in elements. A scalar's box has no axes and one element.
struct Box {
  Dims offset;  ///< of its first element
  Dims extent;  ///< its sizes

  friend bool operator==(Box const&, Box const&) = default;
};

/// The box of a whole tensor.
Box whole(Shape const& shape);

/// Number of elements.
std::uint64_t volume(Box const& box) noexcept;

/// Number of elements that lie in one or several of the boxes, which have the same number of axes.
std::uint64_t union_volume(std::span<Box const> boxes);

/// The intersection, or nothing if it is empty. Both boxes have the same number of axes.
std::optional<Box> intersection(Box const& a, Box const& b) noexcept;

/// True if every element of `inner` lies in `outer`.
bool contains(Box const& outer, Box const& inner) noexcept;

/// True if `part` is one range of consecutive elements of a row-major tensor of shape `shape`.
bool is_contiguous_in(Shape const& shape, Box const& part) noexcept;

/// Row-major index of the element at `position` in a tensor of shape `shape`.
std::uint64_t linear_index(Shape const& shape, Dims const& position) noexcept;

/// How many elements of `box` come before element number `index`, row-major, of the tensor of shape `shape` that it is
/// a part of; all of them if the tensor has no more than `index` elements. A box keeps the tensor's order, so that any
/// elements [begin, end) of the tensor are one range of each box.
std::uint64_t elements_before(Shape const& shape, Box const& box, std::uint64_t index) noexcept;

/// Cuts the elements [begin, end) of a row-major tensor of shape `shape` into the fewest boxes, in order; at most 2 x
/// axes - 1.
std::vector<Box> boxes_of_range(Shape const& shape, std::uint64_t begin, std::uint64_t end);

/// "[0:4096, 128:256]"
std::string to_string(Box const& box);

}  // namespace distload
