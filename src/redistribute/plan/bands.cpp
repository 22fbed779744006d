// Divides the outermost axis of which one index is small enough.
#include "redistribute/plan/bands.hpp"

#include <algorithm>
#include <utility>

namespace distload {

Bands::Bands(Box const& box, Bytes element_bytes, Bytes most_bytes, bool transposed) : box_(box) {
  auto const axes = box.extent.size();
  if (axes == 0) return;
  for (std::size_t i = 0; i < axes; ++i) axes_[i] = i;
  if (transposed && axes >= 2) std::swap(axes_[axes - 1], axes_[axes - 2]);
  Bytes inner = volume(box) * element_bytes;
  for (outer_ = 0; outer_ < axes; ++outer_) {
    auto const extent = box.extent[axes_[outer_]];
    if (extent == 0) {
      count_ = 0;
      return;
    }
    inner /= extent;
    if (inner <= most_bytes || outer_ + 1 == axes) break;
    count_ *= extent;
  }
  auto const extent = box.extent[axes_[outer_]];
  step_ = std::clamp<std::uint64_t>(most_bytes / std::max<Bytes>(1, inner), 1, extent);
  steps_ = divide_up(extent, step_);
  count_ *= steps_;
}

Box Bands::operator[](std::uint64_t index) const {
  auto band = box_;
  if (box_.extent.empty()) return band;
  auto const divided = axes_[outer_];
  auto const begin = index % steps_ * step_;
  band.offset[divided] += begin;
  band.extent[divided] = std::min(step_, box_.extent[divided] - begin);
  index /= steps_;
  for (auto i = outer_; i-- > 0;) {
    auto const axis = axes_[i];
    band.offset[axis] += index % box_.extent[axis];
    band.extent[axis] = 1;
    index /= box_.extent[axis];
  }
  return band;
}

}  // namespace distload
