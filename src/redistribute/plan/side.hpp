/// Side: how a model lies on the ranks before or after a redistribution. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <distload/base/topology.hpp>
#include <distload/partition/opened_checkpoint.hpp>

#include "partition/model_recipe.hpp"

namespace distload {

/// A parameter that contains a stored tensor.
struct TensorPlace {
  std::uint32_t parameter = 0;  ///< index into `ModelLayout::parameters`
  std::uint64_t begin = 0;      ///< along the parameter's divided axis; not 0 only if it is fused from several tensors
};

struct Side {
  Topology topology;
  std::optional<DType> dtype;         ///< `load.dtype`
  OpenedCheckpoint cut;               ///< tensors as they are loaded, with one extent for each stored tensor
  std::vector<std::uint32_t> stored;  ///< by extent of `cut.catalog`: index of the stored tensor
  std::vector<std::optional<TensorPlace>> place_of;  ///< by stored tensor; nothing if it is not loaded

  Parameter const& parameter(std::uint32_t index) const { return cut.layout.parameters[index]; }
  TensorInfo const& tensor_of(std::uint32_t parameter_index) const {
    return cut.catalog.tensors[parameter(parameter_index).tensor];
  }
  /// The type in memory of a parameter.
  DType dtype_of(std::uint32_t parameter_index) const;
};

/// How the model of `recipe` is cut for a topology.
/// @throws ConfigError  as `partition_model`.
Side make_side(ModelRecipe const& recipe, Topology const& topology);

/// True if the parameters consist of the same stored tensors.
bool have_equal_tensors(Side const& a, std::uint32_t parameter_a, Side const& b, std::uint32_t parameter_b);

}  // namespace distload
