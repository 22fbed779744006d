/// DescribedModel: what every rank must know of a model that some ranks hold.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <distload/base/file_identity.hpp>
#include <distload/base/topology.hpp>

#include "partition/model_recipe.hpp"

namespace distload {

struct DescribedModel {
  ModelRecipe recipe;
  Topology topology;
  std::vector<FileIdentity> sources;  ///< `ShardedModel::sources`
};

/// A model as a message between ranks, and back.
std::vector<std::byte> serialize(ModelRecipe const& recipe, Topology const& topology,
                                 std::span<FileIdentity const> sources);
DescribedModel deserialize_model(std::span<std::byte const> bytes);

/// "tensor_parallel 2, pipeline_parallel 1, ...".
std::string text_of(Topology const& topology);

/// True if both models have the same stored tensors.
bool have_same_tensors(ModelRecipe const& a, ModelRecipe const& b);

}  // namespace distload
