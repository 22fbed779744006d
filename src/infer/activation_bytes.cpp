// Counts the arrays that exist at the same time in the largest step.
#include "infer/activation_bytes.hpp"

#include <algorithm>

namespace distload::infer {
namespace {

/// Widths of a layer in numbers of a token.
struct LayerWidths {
  std::uint64_t working = 0;  ///< arrays of one rank during the layer
  std::uint64_t cached = 0;   ///< keys and values of one rank
};

/// Sums of segments: those of this rank, and the shares of all ranks' sums.
constexpr std::uint64_t kSums = 6;

/// Tokens and weights that matrix products on the host copy into their own order (kPackedTokens, panels).
constexpr Bytes kPackedBytes = 32 * kMiB;

LayerWidths widths_of(AttentionDescription const& attention, std::uint64_t ranks) {
  auto const& options = attention.options;
  auto const heads = divide_up(options.heads, ranks);
  auto const key_heads = std::max<std::uint64_t>(divide_up(options.key_heads, ranks), 1);
  return {(2 * heads + 2 * key_heads) * options.head_dim, 2 * key_heads * options.head_dim};
}

LayerWidths widths_of(LatentAttentionDescription const& attention, std::uint64_t ranks) {
  auto const& options = attention.options;
  auto const heads = divide_up(options.heads, ranks);
  auto const key_dim = options.plain_dim + options.rotary_dim;
  auto const cached = heads * (key_dim + options.value_dim);
  return {3 * cached + 4 * options.latent_dim + 2 * options.rotary_dim, cached};
}

/// Numbers of a token in an MLP. Widths of MLPs are not part of the description: `width` is taken.
std::uint64_t width_of(MlpDescription const&, std::uint64_t, std::uint64_t width, Topology const& topology) {
  return 2 * divide_up(width, topology.tensor_parallel);
}

/// Experts compute one after the other; with expert parallelism a rank has whole ones.
std::uint64_t width_of(ExpertsDescription const& experts, std::uint64_t hidden, std::uint64_t width,
                       Topology const& topology) {
  auto const of_one = topology.expert_parallel > 1 ? width : divide_up(width, topology.tensor_parallel);
  return 2 * of_one + hidden + (kSums + 3) * experts.router.per_token * hidden;
}

}  // namespace

std::uint64_t layers_of_largest_stage(ModelDescription const& model, Topology const& topology,
                                      std::vector<std::uint32_t> const& pipeline_layers) {
  if (!pipeline_layers.empty()) return std::ranges::max(pipeline_layers);
  return divide_up(model.layers.size(), topology.pipeline_parallel);
}

Bytes activation_bytes(ModelDescription const& model, Topology const& topology, std::uint64_t stage_layers,
                       std::uint64_t batch, std::uint64_t tokens, std::uint64_t positions) {
  auto const ranks = topology.tensor_parallel;
  std::uint64_t working = 0;
  std::uint64_t cached = 0;
  for (auto const& layer : model.layers) {
    auto const widths = std::visit([&](auto const& attention) { return widths_of(attention, ranks); }, layer.attention);
    auto const mlp = std::visit(
        [&](auto const& part) { return width_of(part, model.hidden, model.mlp_width, topology); }, layer.mlp);
    working = std::max({working, widths.working, mlp});
    auto const cross = layer.cross_attention ? widths_of(layer.cross_attention->attention, ranks).cached : 0;
    cached = std::max(cached, widths.cached + cross);
  }
  auto const logits = model.head.name.empty() ? 0 : 3 * model.vocabulary;
  auto const arrays = 4 + kSums + (model.encoder ? 1 : 0);
  auto const of_token = std::max(arrays * model.hidden + working, 2 * model.hidden + logits);
  return kPackedBytes + sizeof(float) * batch * (tokens * of_token + positions * stage_layers * cached);
}

}  // namespace distload::infer
