// Finds the matrices in the description of the model.
#include "bench/model_matrices.hpp"

#include <map>
#include <variant>

#include <distload/base/error.hpp>

#include "infer/families.hpp"

namespace distload {
namespace {

bool is_used(ShardedModel const& model, infer::ModelDescription const& description, Shard const& shard) {
  if (shard.shape.size() != 2) return false;
  if (model.find(linear_part(model, description.embedding.tokens).weight) != &shard) return true;
  return model.find(linear_part(model, description.head.name).weight) == &shard;
}

}  // namespace

std::uint64_t ModelMatrices::parameters() const {
  std::uint64_t sum = 0;
  for (auto const& matrix : all) sum += matrix.parameters;
  return sum;
}

Bytes ModelMatrices::local_bytes() const {
  Bytes sum = 0;
  for (auto const& matrix : all) sum += matrix.shard->nbytes;
  return sum;
}

ModelMatrices matrices_of(ShardedModel const& model) {
  infer::ModelConfig const config(model.metadata().config_json);
  auto const description = infer::describe_model(config, infer::ParameterNames(model));
  if (!description.is_decoder) throw ConfigError("only decoders can be measured");
  ModelMatrices matrices;
  matrices.layers = description.layers.size();
  matrices.hidden = description.hidden;
  std::map<std::string, std::uint32_t> heads;
  for (auto const& layer : description.layers) {
    auto const* const mlp = std::get_if<infer::MlpDescription>(&layer.mlp);
    if (mlp == nullptr) throw ConfigError("models with experts cannot be measured");
    auto const [output, count] =
        std::visit([](auto const& attention) { return std::pair(attention.names.output, attention.options.heads); },
                   layer.attention);
    heads[linear_part(model, output).weight] = count;
    if (!matrices.mlp_down.empty()) continue;
    matrices.attention_output = output;
    matrices.attention_heads = count;
    matrices.mlp_down = mlp->names.down;
  }
  for (auto const& shard : model.shards()) {
    if (!is_used(model, description, shard)) continue;
    auto const found = heads.find(shard.name);
    matrices.all.push_back({&shard, shard.global_shape[0] * shard.global_shape[1],
                            found == heads.end() ? std::nullopt : std::optional(found->second)});
  }
  return matrices;
}

std::uint64_t read_all(ShardedModel const& model, ModelMatrices const& matrices) {
  using Word = std::uint64_t;
  Word sum = 0;
  for (auto const& matrix : matrices.all) {
    auto const bytes = model.bytes(*matrix.shard);
    auto const* const words = reinterpret_cast<Word const*>(bytes.data());
    Word of_shard = 0;
    Kokkos::parallel_reduce(
        "distload::read_all", Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace>(0, bytes.size() / sizeof(Word)),
        KOKKOS_LAMBDA(std::size_t i, Word & added) { added += words[i]; }, of_shard);
    sum += of_shard;
  }
  return sum;
}

}  // namespace distload
