// The table of families and functions on it.
#include "synth/families.hpp"

#include <algorithm>
#include <array>

namespace distload::synth {
namespace {

constexpr std::string_view kLayer = "{layer}";
constexpr std::string_view kExpert = "{expert}";
constexpr std::uint64_t kTokenTypes = 2;

constexpr std::array kLlama{
    TensorRow{"model.embed_tokens.weight", Dim::vocabulary, Dim::hidden},
    TensorRow{"model.layers.{layer}.input_layernorm.weight", Dim::hidden},
    TensorRow{"model.layers.{layer}.self_attn.q_proj.weight", Dim::query, Dim::hidden},
    TensorRow{"model.layers.{layer}.self_attn.k_proj.weight", Dim::key_value, Dim::hidden},
    TensorRow{"model.layers.{layer}.self_attn.v_proj.weight", Dim::key_value, Dim::hidden},
    TensorRow{"model.layers.{layer}.self_attn.o_proj.weight", Dim::hidden, Dim::query},
    TensorRow{"model.layers.{layer}.post_attention_layernorm.weight", Dim::hidden},
    TensorRow{"model.layers.{layer}.mlp.gate_proj.weight", Dim::intermediate, Dim::hidden},
    TensorRow{"model.layers.{layer}.mlp.up_proj.weight", Dim::intermediate, Dim::hidden},
    TensorRow{"model.layers.{layer}.mlp.down_proj.weight", Dim::hidden, Dim::intermediate},
    TensorRow{"model.norm.weight", Dim::hidden},
    TensorRow{"lm_head.weight", Dim::vocabulary, Dim::hidden, true},
};

/// The rows of Llama with additional rows after its layers' rows.
template <std::size_t N>
constexpr auto llama_with(std::array<TensorRow, N> const& more) {
  std::array<TensorRow, kLlama.size() + N> rows{};
  std::copy(kLlama.begin(), kLlama.end() - 2, rows.begin());
  std::copy(more.begin(), more.end(), rows.end() - 2 - N);
  std::copy(kLlama.end() - 2, kLlama.end(), rows.end() - 2);
  return rows;
}

constexpr auto kQwen2 = llama_with(std::array{
    TensorRow{"model.layers.{layer}.self_attn.q_proj.bias", Dim::query},
    TensorRow{"model.layers.{layer}.self_attn.k_proj.bias", Dim::key_value},
    TensorRow{"model.layers.{layer}.self_attn.v_proj.bias", Dim::key_value},
});

constexpr auto kQwen3 = llama_with(std::array{
    TensorRow{"model.layers.{layer}.self_attn.q_norm.weight", Dim::head_dim},
    TensorRow{"model.layers.{layer}.self_attn.k_norm.weight", Dim::head_dim},
});

constexpr std::array kBert{
    TensorRow{"embeddings.word_embeddings.weight", Dim::vocabulary, Dim::hidden},
    TensorRow{"embeddings.position_embeddings.weight", Dim::positions, Dim::hidden},
    TensorRow{"embeddings.token_type_embeddings.weight", Dim::token_types, Dim::hidden},
    TensorRow{"embeddings.LayerNorm.weight", Dim::hidden},
    TensorRow{"embeddings.LayerNorm.bias", Dim::hidden},
    TensorRow{"encoder.layer.{layer}.attention.self.query.weight", Dim::query, Dim::hidden},
    TensorRow{"encoder.layer.{layer}.attention.self.query.bias", Dim::query},
    TensorRow{"encoder.layer.{layer}.attention.self.key.weight", Dim::query, Dim::hidden},
    TensorRow{"encoder.layer.{layer}.attention.self.key.bias", Dim::query},
    TensorRow{"encoder.layer.{layer}.attention.self.value.weight", Dim::query, Dim::hidden},
    TensorRow{"encoder.layer.{layer}.attention.self.value.bias", Dim::query},
    TensorRow{"encoder.layer.{layer}.attention.output.dense.weight", Dim::hidden, Dim::query},
    TensorRow{"encoder.layer.{layer}.attention.output.dense.bias", Dim::hidden},
    TensorRow{"encoder.layer.{layer}.attention.output.LayerNorm.weight", Dim::hidden},
    TensorRow{"encoder.layer.{layer}.attention.output.LayerNorm.bias", Dim::hidden},
    TensorRow{"encoder.layer.{layer}.intermediate.dense.weight", Dim::intermediate, Dim::hidden},
    TensorRow{"encoder.layer.{layer}.intermediate.dense.bias", Dim::intermediate},
    TensorRow{"encoder.layer.{layer}.output.dense.weight", Dim::hidden, Dim::intermediate},
    TensorRow{"encoder.layer.{layer}.output.dense.bias", Dim::hidden},
    TensorRow{"encoder.layer.{layer}.output.LayerNorm.weight", Dim::hidden},
    TensorRow{"encoder.layer.{layer}.output.LayerNorm.bias", Dim::hidden},
    TensorRow{"pooler.dense.weight", Dim::hidden, Dim::hidden},
    TensorRow{"pooler.dense.bias", Dim::hidden},
};

constexpr std::array kDeepseekV3{
    TensorRow{"model.embed_tokens.weight", Dim::vocabulary, Dim::hidden},
    TensorRow{"model.layers.{layer}.input_layernorm.weight", Dim::hidden},
    TensorRow{"model.layers.{layer}.self_attn.q_a_proj.weight", Dim::low_rank_query, Dim::hidden},
    TensorRow{"model.layers.{layer}.self_attn.q_a_layernorm.weight", Dim::low_rank_query},
    TensorRow{"model.layers.{layer}.self_attn.q_b_proj.weight", Dim::latent_query, Dim::low_rank_query},
    TensorRow{"model.layers.{layer}.self_attn.kv_a_proj_with_mqa.weight", Dim::latent_key_value, Dim::hidden},
    TensorRow{"model.layers.{layer}.self_attn.kv_a_layernorm.weight", Dim::low_rank_key_value},
    TensorRow{"model.layers.{layer}.self_attn.kv_b_proj.weight", Dim::latent_heads, Dim::low_rank_key_value},
    TensorRow{"model.layers.{layer}.self_attn.o_proj.weight", Dim::hidden, Dim::query},
    TensorRow{"model.layers.{layer}.post_attention_layernorm.weight", Dim::hidden},
    TensorRow{"model.layers.{layer}.mlp.gate_proj.weight", Dim::intermediate, Dim::hidden, false, Layers::dense},
    TensorRow{"model.layers.{layer}.mlp.up_proj.weight", Dim::intermediate, Dim::hidden, false, Layers::dense},
    TensorRow{"model.layers.{layer}.mlp.down_proj.weight", Dim::hidden, Dim::intermediate, false, Layers::dense},
    TensorRow{"model.layers.{layer}.mlp.gate.weight", Dim::experts, Dim::hidden, false, Layers::sparse},
    TensorRow{"model.layers.{layer}.mlp.gate.e_score_correction_bias", Dim::experts, Dim::none, false, Layers::sparse},
    TensorRow{"model.layers.{layer}.mlp.experts.{expert}.gate_proj.weight", Dim::expert_intermediate, Dim::hidden,
              false, Layers::sparse},
    TensorRow{"model.layers.{layer}.mlp.experts.{expert}.up_proj.weight", Dim::expert_intermediate, Dim::hidden, false,
              Layers::sparse},
    TensorRow{"model.layers.{layer}.mlp.experts.{expert}.down_proj.weight", Dim::hidden, Dim::expert_intermediate,
              false, Layers::sparse},
    TensorRow{"model.layers.{layer}.mlp.shared_experts.gate_proj.weight", Dim::expert_intermediate, Dim::hidden, false,
              Layers::sparse},
    TensorRow{"model.layers.{layer}.mlp.shared_experts.up_proj.weight", Dim::expert_intermediate, Dim::hidden, false,
              Layers::sparse},
    TensorRow{"model.layers.{layer}.mlp.shared_experts.down_proj.weight", Dim::hidden, Dim::expert_intermediate, false,
              Layers::sparse},
    TensorRow{"model.norm.weight", Dim::hidden},
    TensorRow{"lm_head.weight", Dim::vocabulary, Dim::hidden, true},
};

constexpr std::string_view kLlamaConfig =
    R"({"attention_bias": false, "hidden_act": "silu", "mlp_bias": false, "rms_norm_eps": 1e-05, "rope_theta": 500000.0})";
constexpr std::string_view kMistralConfig =
    R"({"hidden_act": "silu", "rms_norm_eps": 1e-05, "rope_theta": 1000000.0, "sliding_window": null})";
constexpr std::string_view kQwen2Config =
    R"({"hidden_act": "silu", "rms_norm_eps": 1e-06, "rope_theta": 1000000.0, "use_sliding_window": false})";
constexpr std::string_view kQwen3Config =
    R"({"attention_bias": false, "hidden_act": "silu", "rms_norm_eps": 1e-06, "rope_theta": 1000000.0})";
constexpr std::string_view kBertConfig =
    R"({"hidden_act": "gelu", "layer_norm_eps": 1e-12, "pad_token_id": 0, "position_embedding_type": "absolute", "type_vocab_size": 2})";
constexpr std::string_view kDeepseekV3Config =
    R"({"attention_bias": false, "hidden_act": "silu", "moe_layer_freq": 1, "n_group": 1, "n_shared_experts": 1, "norm_topk_prob": true, "num_nextn_predict_layers": 0, "rms_norm_eps": 1e-06, "rope_theta": 10000.0, "routed_scaling_factor": 2.5, "scoring_func": "sigmoid", "topk_group": 1, "topk_method": "noaux_tc"})";

// name, architecture, rows, then: vocabulary, head_dim, kv_heads, hidden per layer, intermediate per hidden, has an
// output head, positions, experts, intermediate of an expert per hidden, layers without experts, further configuration.
constexpr std::array<Family, 6> kFamilies{{
    {"llama", "LlamaForCausalLM", kLlama, 128256, 128, 8, 128, 3.5, true, 8192, 0, 0, 0, kLlamaConfig},
    {"mistral", "MistralForCausalLM", kLlama, 32768, 128, 8, 128, 3.5, true, 32768, 0, 0, 0, kMistralConfig},
    {"qwen2", "Qwen2ForCausalLM", kQwen2, 152064, 128, 8, 128, 5.3, true, 32768, 0, 0, 0, kQwen2Config},
    {"qwen3", "Qwen3ForCausalLM", kQwen3, 151936, 128, 8, 113, 3.0, true, 40960, 0, 0, 0, kQwen3Config},
    {"bert", "BertModel", kBert, 30522, 64, 0, 64, 4.0, false, 512, 0, 0, 0, kBertConfig},
    {"deepseek_v3", "DeepseekV3ForCausalLM", kDeepseekV3, 129280, 128, 0, 118, 18. / 7, true, 163840, 256, 2. / 7, 3,
     kDeepseekV3Config},
}};

bool is_in_layer(TensorRow const& row) noexcept { return row.name.find(kLayer) != std::string_view::npos; }

bool is_of_expert(TensorRow const& row) noexcept { return row.name.find(kExpert) != std::string_view::npos; }

std::string with_number(std::string name, std::string_view placeholder, std::uint64_t number) {
  return name.replace(name.find(placeholder), placeholder.size(), std::to_string(number));
}

/// The number of tensors of a row.
std::uint64_t count_of(TensorRow const& row, Family const& family, ModelSizes const& sizes) noexcept {
  if (!is_in_layer(row)) return 1;
  auto const dense = dense_layers_of(family, sizes);
  auto const layers = row.layers == Layers::all     ? sizes.layers
                      : row.layers == Layers::dense ? dense
                                                    : sizes.layers - dense;
  return layers * (is_of_expert(row) ? sizes.experts : 1);
}

Shape shape_of(TensorRow const& row, Family const& family, ModelSizes const& sizes) {
  Shape shape{value_of(row.rows, family, sizes)};
  if (row.columns != Dim::none) shape.push_back(value_of(row.columns, family, sizes));
  return shape;
}

}  // namespace

std::span<Family const> families() noexcept { return kFamilies; }

Family const* find_family(std::string_view name) noexcept {
  auto const* const found =
      std::find_if(kFamilies.begin(), kFamilies.end(), [&](Family const& family) { return family.name == name; });
  return found == kFamilies.end() ? nullptr : found;
}

std::uint64_t dense_layers_of(Family const& family, ModelSizes const& sizes) noexcept {
  return std::min(family.dense_layers, std::max<std::uint64_t>(sizes.layers, 1) - 1);
}

std::uint64_t value_of(Dim dim, Family const& family, ModelSizes const& sizes) noexcept {
  // The ratios of latent attention are those of DeepSeek V3. A head's part with positions is half as large as its part
  // without.
  switch (dim) {
    case Dim::hidden: return sizes.hidden;
    case Dim::query: return sizes.heads * sizes.head_dim;
    case Dim::key_value: return sizes.kv_heads * sizes.head_dim;
    case Dim::head_dim: return sizes.head_dim;
    case Dim::intermediate: return sizes.intermediate;
    case Dim::experts: return sizes.experts;
    case Dim::expert_intermediate: return sizes.expert_intermediate;
    case Dim::low_rank_query: return std::max<std::uint64_t>(1, 3 * sizes.hidden / 14);
    case Dim::low_rank_key_value: return std::max<std::uint64_t>(1, sizes.hidden / 14);
    case Dim::latent_key_value: return value_of(Dim::low_rank_key_value, family, sizes) + sizes.head_dim / 2;
    case Dim::latent_query: return sizes.heads * (sizes.head_dim + sizes.head_dim / 2);
    case Dim::latent_heads: return sizes.heads * 2 * sizes.head_dim;
    case Dim::vocabulary: return sizes.vocabulary;
    case Dim::positions: return family.positions;
    case Dim::token_types: return kTokenTypes;
    case Dim::none: break;
  }
  return 1;
}

std::vector<SynthTensor> tensors_of(Family const& family, ModelSizes const& sizes) {
  std::vector<SynthTensor> tensors;
  // The rows of a layer are contiguous.
  auto const first_in_layer = std::find_if(family.rows.begin(), family.rows.end(), is_in_layer);
  auto const behind_layers = std::find_if_not(first_in_layer, family.rows.end(), is_in_layer);
  auto const add = [&](TensorRow const& row, std::string name) {
    if (row.only_if_not_tied && sizes.tied) return;
    tensors.push_back({std::move(name), shape_of(row, family, sizes)});
  };
  for (auto row = family.rows.begin(); row != first_in_layer; ++row) add(*row, std::string(row->name));
  auto const dense = dense_layers_of(family, sizes);
  for (std::uint64_t layer = 0; layer < sizes.layers; ++layer) {
    auto const absent = layer < dense ? Layers::sparse : Layers::dense;
    for (auto row = first_in_layer; row != behind_layers; ++row) {
      if (row->layers == absent) continue;
      auto const name = with_number(std::string(row->name), kLayer, layer);
      if (!is_of_expert(*row)) {
        add(*row, name);
        continue;
      }
      for (std::uint64_t expert = 0; expert < sizes.experts; ++expert) add(*row, with_number(name, kExpert, expert));
    }
  }
  for (auto row = behind_layers; row != family.rows.end(); ++row) add(*row, std::string(row->name));
  return tensors;
}

std::uint64_t parameters_of(Family const& family, ModelSizes const& sizes) {
  std::uint64_t total = 0;
  for (auto const& row : family.rows) {
    if (row.only_if_not_tied && sizes.tied) continue;
    total += volume(shape_of(row, family, sizes)) * count_of(row, family, sizes);
  }
  return total;
}

}  // namespace distload::synth
