// Strided copies between shards and messages.
#include "redistribute/plan/part.hpp"

namespace distload {
namespace {

struct End {
  Placed placed;
  Bytes element_bytes = 0;
};

End end_of(PartEnd const& end) {
  return {{.shape = end.shape, .position = end.position, .base_bytes = 0, .transposed = end.transposed},
          size_of(end.dtype)};
}

End message_of(MovedBox const& part, DType dtype) {
  return {{.shape = part.extent,
           .position = Dims::filled(part.extent.size(), 0),
           .base_bytes = 0,
           .transposed = part.source.transposed},
          size_of(dtype)};
}

/// Where both ends are transposed, the axes are taken as they lie, so that they form long runs.
StridedCopy copy_between(End from, End to, Dims extent) {
  if (from.placed.transposed && to.placed.transposed) {
    extent = with_last_axes_swapped(extent);
    for (auto* end : {&from, &to}) {
      end->placed.shape = with_last_axes_swapped(end->placed.shape);
      end->placed.position = with_last_axes_swapped(end->placed.position);
      end->placed.transposed = false;
    }
  }
  return make_strided_copy(from.placed, from.element_bytes, to.placed, to.element_bytes, extent);
}

}  // namespace

Bytes MovedBox::message_bytes() const noexcept { return volume(extent) * size_of(message_dtype()); }

Bytes MovedBox::target_bytes() const noexcept { return volume(extent) * size_of(target.dtype); }

StridedCopy MovedBox::direct() const { return copy_between(end_of(source), end_of(target), extent); }

StridedCopy MovedBox::to_message(DType dtype) const {
  return copy_between(end_of(source), message_of(*this, dtype), extent);
}

StridedCopy MovedBox::from_message(DType dtype) const {
  return copy_between(message_of(*this, dtype), end_of(target), extent);
}

StridedCopy MovedBox::back_to_message() const {
  return copy_between(end_of(target), message_of(*this, target.dtype), extent);
}

}  // namespace distload
