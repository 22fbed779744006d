// Writes a family's config.json.
#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>

#include <distload/base/error.hpp>

#include "synth/families.hpp"

namespace distload::synth {
namespace {

std::string torch_name(DType dtype) {
  switch (dtype) {
    case DType::bf16: return "bfloat16";
    case DType::f16: return "float16";
    case DType::f32: return "float32";
    case DType::f64: return "float64";
    default: break;
  }
  throw InternalError("no model is made of " + std::string(name_of(dtype)));
}

}  // namespace

std::string config_json(Family const& family, ModelSizes const& sizes, DType dtype) {
  auto json = nlohmann::json::parse(family.config);
  json["architectures"] = {family.architecture};
  json["model_type"] = family.name;
  json["hidden_size"] = sizes.hidden;
  json["intermediate_size"] = sizes.intermediate;
  json["num_hidden_layers"] = sizes.layers;
  json["num_attention_heads"] = sizes.heads;
  json["vocab_size"] = sizes.vocabulary;
  json["max_position_embeddings"] = family.positions;
  json["torch_dtype"] = torch_name(dtype);
  if (family.kv_heads != 0) {
    json["num_key_value_heads"] = sizes.kv_heads;
    json["head_dim"] = sizes.head_dim;
  }
  if (family.experts != 0) {
    json["num_key_value_heads"] = sizes.heads;
    json["q_lora_rank"] = value_of(Dim::low_rank_query, family, sizes);
    json["kv_lora_rank"] = value_of(Dim::low_rank_key_value, family, sizes);
    json["qk_nope_head_dim"] = sizes.head_dim;
    json["qk_rope_head_dim"] = sizes.head_dim / 2;
    json["v_head_dim"] = sizes.head_dim;
    json["n_routed_experts"] = sizes.experts;
    json["num_experts_per_tok"] = std::min<std::uint64_t>(8, sizes.experts);
    json["moe_intermediate_size"] = sizes.expert_intermediate;
    json["first_k_dense_replace"] = dense_layers_of(family, sizes);
  }
  if (family.has_output_head) json["tie_word_embeddings"] = sizes.tied;
  return json.dump(2) + "\n";
}

}  // namespace distload::synth
