// Converts models to bytes and back.
#include "redistribute/described_model.hpp"

#include <algorithm>

#include "base/wire.hpp"

namespace distload {

std::vector<std::byte> serialize(ModelRecipe const& recipe, Topology const& topology,
                                 std::span<FileIdentity const> sources) {
  WireWriter out;
  out.put(topology);
  out.put_all(std::vector(sources.begin(), sources.end()));
  auto bytes = out.take();
  auto const rest = serialize(recipe);
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  return bytes;
}

DescribedModel deserialize_model(std::span<std::byte const> bytes) {
  WireReader in(bytes);
  DescribedModel model;
  model.topology = in.get<Topology>();
  model.sources = in.get_all<FileIdentity>();
  model.recipe = deserialize_recipe(in.get_rest());
  return model;
}

std::string text_of(Topology const& topology) {
  return "tensor_parallel " + std::to_string(topology.tensor_parallel) + ", pipeline_parallel " +
         std::to_string(topology.pipeline_parallel) + ", data_parallel " + std::to_string(topology.data_parallel) +
         ", expert_parallel " + std::to_string(topology.expert_parallel);
}

bool have_same_tensors(ModelRecipe const& a, ModelRecipe const& b) {
  return std::ranges::equal(a.catalog.tensors, b.catalog.tensors, [](TensorInfo const& x, TensorInfo const& y) {
    return x.name == y.name && x.shape == y.shape;
  });
}

}  // namespace distload
