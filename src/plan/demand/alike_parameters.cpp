// Hashes and compares parameters.
#include "plan/demand/alike_parameters.hpp"

#include <algorithm>
#include <initializer_list>

#include "partition/dtype_in_memory.hpp"

namespace distload {
namespace {

bool alike(Extent const& a, Extent const& b) noexcept {
  return a.has_checksums() == b.has_checksums() && a.box == b.box;
}

bool equal(RankLayouts const* a, RankLayouts const* b) noexcept {
  return a == b || (a != nullptr && b != nullptr && *a == *b);
}

std::size_t mixed(std::initializer_list<std::uint64_t> values) noexcept {
  constexpr std::uint64_t kPrime = 0x100000001b3;  // of FNV-1a
  std::uint64_t hash = 0xcbf29ce484222325;
  for (auto const value : values) hash = (hash ^ value) * kPrime;
  return hash ^ (hash >> 32U);
}

}  // namespace

std::size_t AlikeParameters::operator()(std::uint32_t index) const noexcept {
  auto const& parameter = layout_->parameters[index];
  auto const& tensor = catalog_->tensors[parameter.tensor];
  auto const& shape = tensor.shape;
  return mixed({shape.empty() ? 1 : shape[0], volume(shape), static_cast<std::uint64_t>(parameter.partition.kind),
                parameter.partition.axis, parameter.experts ? parameter.experts->group.value_or(0) : 0,
                tensor.extent_count});
}

bool AlikeParameters::operator()(std::uint32_t index_a, std::uint32_t index_b) const noexcept {
  auto const& a = layout_->parameters[index_a];
  auto const& b = layout_->parameters[index_b];
  auto const& tensor_a = catalog_->tensors[a.tensor];
  auto const& tensor_b = catalog_->tensors[b.tensor];
  return tensor_a.shape == tensor_b.shape && tensor_a.dtype == tensor_b.dtype &&
         options_->dtype_in_memory(a, tensor_a.dtype) == options_->dtype_in_memory(b, tensor_b.dtype) &&
         a.partition == b.partition && a.experts == b.experts && a.transposed == b.transposed &&
         a.stages.size() == b.stages.size() && equal(a.layouts.get(), b.layouts.get()) &&
         std::ranges::equal(catalog_->extents_of(tensor_a), catalog_->extents_of(tensor_b), alike);
}

}  // namespace distload
