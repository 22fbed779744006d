// Applies the rules, fuses, and finds each stored tensor again.
#include "redistribute/plan/side.hpp"

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>

#include "partition/dtype_in_memory.hpp"
#include "partition/fuse.hpp"

namespace distload {
namespace {

std::span<std::uint32_t const> stored_tensors_of(Side const& side, std::uint32_t parameter) {
  auto const& tensor = side.tensor_of(parameter);
  return std::span(side.stored).subspan(tensor.first_extent, tensor.extent_count);
}

}  // namespace

DType Side::dtype_of(std::uint32_t parameter_index) const {
  return dtype_in_memory(parameter(parameter_index), tensor_of(parameter_index).dtype, dtype);
}

Side make_side(ModelRecipe const& recipe, Topology const& topology) {
  Side side{.topology = topology, .dtype = recipe.dtype, .cut = {}, .stored = {}, .place_of = {}};
  auto layout =
      partition_model(recipe.catalog, topology, recipe.rules, recipe.catalog.metadata.config_json, recipe.options);
  if (layout.fusions.empty()) {
    side.cut.catalog = recipe.catalog;
    side.cut.layout = std::move(layout);
    side.stored.resize(recipe.catalog.extents.size());
    std::iota(side.stored.begin(), side.stored.end(), 0U);
  } else {
    auto fused = fuse(recipe.catalog, layout);
    side.cut.catalog = std::move(fused.catalog);
    side.cut.layout = std::move(fused.layout);
    side.stored = std::move(fused.stored_extents);
  }
  side.place_of.resize(recipe.catalog.tensors.size());
  for (std::uint32_t index = 0; index < side.cut.layout.parameters.size(); ++index) {
    auto const& tensor = side.tensor_of(index);
    auto const axis = side.parameter(index).partition.axis;
    for (auto extent = tensor.first_extent; extent < tensor.first_extent + tensor.extent_count; ++extent) {
      auto const& box = side.cut.catalog.extents[extent].box;
      side.place_of[side.stored[extent]] = TensorPlace{index, tensor.extent_count > 1 ? box.offset[axis] : 0};
    }
  }
  return side;
}

bool have_equal_tensors(Side const& a, std::uint32_t parameter_a, Side const& b, std::uint32_t parameter_b) {
  return std::ranges::equal(stored_tensors_of(a, parameter_a), stored_tensors_of(b, parameter_b));
}

}  // namespace distload
