// Products of sizes, and sizes as text.
#include <distload/tensor/dims.hpp>

#include <cassert>
#include <utility>

#include <distload/base/bytes.hpp>

namespace distload {

std::uint64_t volume(Dims const& dims) noexcept {
  std::uint64_t product = 1;
  for (auto const size : dims) product *= size;
  return product;
}

std::optional<std::uint64_t> checked_volume(Dims const& dims, std::uint64_t factor) noexcept {
  // A product that overflows before a zero axis is refused too.
  std::optional<std::uint64_t> product = factor;
  for (auto const size : dims) {
    product = checked_multiply(*product, size);
    if (!product) return std::nullopt;
  }
  return product;
}

std::string to_string(Dims const& dims) {
  std::string text = "[";
  for (std::size_t axis = 0; axis < dims.size(); ++axis) {
    if (axis > 0) text += ", ";
    text += std::to_string(dims[axis]);
  }
  return text + "]";
}

Dims with_last_axes_swapped(Dims dims) {
  auto const axes = dims.size();
  assert(axes >= 2);
  std::swap(dims[axes - 2], dims[axes - 1]);
  return dims;
}

}  // namespace distload
