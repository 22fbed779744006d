/// Recipes of small models, as a loader would make them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "partition/model_recipe.hpp"

namespace distload::testing {

struct SmallModel {
  std::string name;
  std::shared_ptr<ModelRecipe const> recipe;
  std::vector<std::uint32_t> tensor_parallels;  ///< that its sizes divide by, up to 8
};

/// A llama with one key/value head, a vocabulary that nothing divides, and sizes that 1 to 8 divide.
/// It has about 12,700 x `hidden` elements.
SmallModel small_llama(std::uint64_t hidden = 4);
/// With fused queries, keys and values that are cut along axis 1.
SmallModel small_gpt2();
/// With eight experts, each in tensors of its own.
SmallModel small_mixtral();
/// With eight experts in one tensor, whose gate and up projections are fused.
SmallModel small_mixtral_together();
/// With fused queries, keys and values, and a fused gate.
SmallModel small_phi3(LayoutOptions options = {});

/// `model` with other options and another type in memory.
ModelRecipe changed(SmallModel const& model, LayoutOptions options, std::optional<DType> dtype = std::nullopt);

}  // namespace distload::testing
