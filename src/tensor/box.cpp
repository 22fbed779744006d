// Index arithmetic on boxes.
#include <distload/tensor/box.hpp>

#include <algorithm>
#include <cassert>
#include <iterator>
#include <vector>

namespace distload {
namespace {

/// Row-major strides of `shape`, in elements.
Dims strides_of(Shape const& shape) {
  auto strides = Dims::filled(shape.size(), 1);
  for (std::size_t axis = shape.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * shape[axis];
  return strides;
}

/// The number of positions on the axes from `axis` on that lie in one of the boxes.
std::uint64_t covered(std::vector<Box const*> const& boxes, std::size_t axis) {
  if (boxes.empty()) return 0;
  if (axis == boxes.front()->offset.size()) return 1;
  std::vector<std::uint64_t> cuts;
  for (auto const* box : boxes) {
    cuts.push_back(box->offset[axis]);
    cuts.push_back(box->offset[axis] + box->extent[axis]);
  }
  std::ranges::sort(cuts);
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  std::uint64_t count = 0;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    std::vector<Box const*> there;
    std::ranges::copy_if(boxes, std::back_inserter(there), [&](Box const* box) {
      return box->offset[axis] <= cuts[i] && cuts[i] < box->offset[axis] + box->extent[axis];
    });
    count += (cuts[i + 1] - cuts[i]) * covered(there, axis + 1);
  }
  return count;
}

}  // namespace

Box whole(Shape const& shape) { return {Dims::filled(shape.size(), 0), shape}; }

std::uint64_t volume(Box const& box) noexcept { return volume(box.extent); }

std::uint64_t union_volume(std::span<Box const> boxes) {
  std::vector<Box const*> all;
  for (auto const& box : boxes) all.push_back(&box);
  return covered(all, 0);
}

std::optional<Box> intersection(Box const& a, Box const& b) noexcept {
  assert(a.extent.size() == b.extent.size());
  Box common = a;
  for (std::size_t axis = 0; axis < a.extent.size(); ++axis) {
    auto const begin = std::max(a.offset[axis], b.offset[axis]);
    auto const end = std::min(a.offset[axis] + a.extent[axis], b.offset[axis] + b.extent[axis]);
    if (begin >= end) return std::nullopt;
    common.offset[axis] = begin;
    common.extent[axis] = end - begin;
  }
  return common;
}

bool contains(Box const& outer, Box const& inner) noexcept {
  assert(outer.extent.size() == inner.extent.size());
  for (std::size_t axis = 0; axis < outer.extent.size(); ++axis) {
    if (inner.offset[axis] < outer.offset[axis]) return false;
    if (inner.offset[axis] + inner.extent[axis] > outer.offset[axis] + outer.extent[axis]) return false;
  }
  return true;
}

bool is_contiguous_in(Shape const& shape, Box const& part) noexcept {
  // From the innermost axis: full axes, then at most one partial axis, then only axes of extent one.
  bool partial_seen = false;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    if (partial_seen && part.extent[axis] != 1) return false;
    if (part.extent[axis] != shape[axis]) partial_seen = true;
  }
  return true;
}

std::uint64_t linear_index(Shape const& shape, Dims const& position) noexcept {
  std::uint64_t index = 0;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) index = index * shape[axis] + position[axis];
  return index;
}

std::uint64_t elements_before(Shape const& shape, Box const& box, std::uint64_t index) noexcept {
  auto stride = volume(shape);
  auto box_stride = volume(box);
  if (index >= stride || box_stride == 0) return box_stride;
  std::uint64_t before = 0;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    stride /= shape[axis];
    box_stride /= box.extent[axis];
    auto const position = index / stride;
    index %= stride;
    if (position < box.offset[axis]) return before;
    if (position - box.offset[axis] >= box.extent[axis]) return before + box.extent[axis] * box_stride;
    before += (position - box.offset[axis]) * box_stride;
  }
  return before;
}

std::vector<Box> boxes_of_range(Shape const& shape, std::uint64_t begin, std::uint64_t end) {
  assert(begin <= end && end <= volume(shape));
  std::vector<Box> boxes;
  auto const strides = strides_of(shape);
  while (begin < end) {
    // Find the largest box that starts at `begin`: add outer axes while `begin` is aligned to the axis and whole slabs
    // remain.
    std::size_t axis = shape.size();
    while (axis > 0 && begin % (strides[axis - 1] * shape[axis - 1]) == 0 &&
           end - begin >= strides[axis - 1] * shape[axis - 1])
      --axis;
    Box box = whole(shape);
    auto rest = begin;
    for (std::size_t i = 0; i < shape.size(); ++i) {
      box.offset[i] = rest / strides[i];
      rest %= strides[i];
      if (i < axis) box.extent[i] = 1;
    }
    if (axis > 0) {
      auto const cut = axis - 1;
      box.extent[cut] = std::min((end - begin) / strides[cut], shape[cut] - box.offset[cut]);
    }
    begin += volume(box);
    boxes.push_back(box);
  }
  return boxes;
}

std::string to_string(Box const& box) {
  std::string text = "[";
  for (std::size_t axis = 0; axis < box.extent.size(); ++axis) {
    if (axis > 0) text += ", ";
    text += std::to_string(box.offset[axis]) + ":" + std::to_string(box.offset[axis] + box.extent[axis]);
  }
  return text + "]";
}

}  // namespace distload
