// Look-ups in a catalog.
#include <distload/checkpoint/catalog.hpp>

#include <algorithm>

namespace distload {

TensorInfo const* Catalog::find(std::string_view name) const noexcept {
  auto const tensor =
      std::lower_bound(tensors.begin(), tensors.end(), name,
                       [](TensorInfo const& info, std::string_view wanted) { return info.name < wanted; });
  return tensor != tensors.end() && tensor->name == name ? &*tensor : nullptr;
}

std::span<Extent const> Catalog::extents_of(TensorInfo const& tensor) const noexcept {
  return std::span(extents).subspan(tensor.first_extent, tensor.extent_count);
}

std::span<std::uint64_t const> Catalog::hashes_of(Extent const& extent) const noexcept {
  if (!extent.has_checksums()) return {};
  return std::span(block_hashes).subspan(extent.first_block, divide_up(extent.nbytes, block_bytes));
}

Bytes Catalog::nbytes() const noexcept {
  Bytes total = 0;
  for (auto const& tensor : tensors) total += tensor.nbytes();
  return total;
}

}  // namespace distload
