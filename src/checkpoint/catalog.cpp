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

void add_blocks(Catalog& catalog, Extent& extent) {
  extent.first_block = static_cast<std::uint32_t>(catalog.block_hashes.size());
  catalog.block_hashes.resize(catalog.block_hashes.size() + divide_up(extent.nbytes, catalog.block_bytes));
}

std::vector<Bytes> mapped_offsets(Catalog const& catalog) {
  // At least the largest page size of any system; a multiple of it keeps huge pages of files mappable.
  constexpr auto kGrain = 2 * kMiB;
  std::vector<Bytes> offsets{0};
  offsets.reserve(catalog.files.size() + 1);
  for (auto const& file : catalog.files) offsets.push_back(offsets.back() + round_up(file.size_bytes, kGrain));
  return offsets;
}

}  // namespace distload
