// Strided box copies on the host.
#include "tensor/strided_copy.hpp"

#include <cassert>
#include <cstring>

namespace distload {
namespace {

/// Distance in bytes between neighbours along every axis.
Dims strides_of(Placed const& tensor, Bytes element_bytes) {
  auto const axes = tensor.shape.size();
  auto strides = Dims::filled(axes, element_bytes);
  auto stride = element_bytes;
  for (std::size_t i = axes; i-- > 0;) {
    // The axis that is i-th in memory.
    auto const axis = tensor.transposed && i + 2 >= axes ? 2 * axes - 3 - i : i;
    strides[axis] = stride;
    stride *= tensor.shape[axis];
  }
  return strides;
}

}  // namespace

std::uint64_t StridedCopy::runs() const noexcept {
  std::uint64_t product = 1;
  for (std::size_t i = 0; i < loop_count; ++i) product *= loops[i].count;
  return product;
}

StridedCopy make_strided_copy(Placed const& source, Placed const& destination, Dims const& extent,
                              Bytes element_bytes) {
  return make_strided_copy(source, element_bytes, destination, element_bytes, extent);
}

StridedCopy make_strided_copy(Placed const& source, Bytes source_element_bytes, Placed const& destination,
                              Bytes destination_element_bytes, Dims const& extent) {
  assert(source.shape.size() == extent.size() && destination.shape.size() == extent.size());
  auto const source_strides = strides_of(source, source_element_bytes);
  auto const destination_strides = strides_of(destination, destination_element_bytes);
  StridedCopy copy;
  copy.source_offset = source.base_bytes;
  copy.destination_offset = destination.base_bytes;
  for (std::size_t axis = 0; axis < extent.size(); ++axis) {
    copy.source_offset += source.position[axis] * source_strides[axis];
    copy.destination_offset += destination.position[axis] * destination_strides[axis];
  }
  std::uint64_t run = 1;  // elements

  // From the innermost axis outwards: an axis is merged into the run, or into the next inner loop, where it is
  // contiguous with it on both sides.
  std::array<StridedCopy::Loop, kMaxAxes> inner_first{};
  std::size_t loops = 0;
  for (std::size_t axis = extent.size(); axis-- > 0;) {
    auto const count = extent[axis];
    auto const source_stride = source_strides[axis];
    auto const destination_stride = destination_strides[axis];
    if (loops == 0 && source_stride == run * source_element_bytes &&
        destination_stride == run * destination_element_bytes) {
      run *= count;
    } else if (count > 1) {
      auto* const inside = loops > 0 ? &inner_first[loops - 1] : nullptr;
      if (inside != nullptr && source_stride == inside->source_stride * inside->count &&
          destination_stride == inside->destination_stride * inside->count) {
        inside->count *= count;
      } else {
        inner_first[loops++] = {count, source_stride, destination_stride};
      }
    }
  }
  copy.run_bytes = run * source_element_bytes;
  copy.loop_count = static_cast<std::uint8_t>(loops);
  for (std::size_t i = 0; i < loops; ++i) copy.loops[i] = inner_first[loops - 1 - i];
  return copy;
}

bool is_transpose(StridedCopy const& copy, Bytes destination_element_bytes) noexcept {
  if (copy.loop_count < 2 || copy.run_bytes > 8) return false;
  auto const& columns = copy.loops[copy.loop_count - 1U];
  auto const& rows = copy.loops[copy.loop_count - 2U];
  return columns.source_stride == copy.run_bytes && rows.destination_stride == destination_element_bytes;
}

void copy_on_host(StridedCopy const& copy, std::byte const* source, std::byte* destination) noexcept {
  for_each_run(copy, [&](Bytes from, Bytes to) { std::memcpy(destination + to, source + from, copy.run_bytes); });
}

}  // namespace distload
