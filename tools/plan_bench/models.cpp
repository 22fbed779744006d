// Lists the tensors of every layer.
#include "plan_bench/models.hpp"

#include <distload/base/bytes.hpp>

namespace distload::plan_bench {
namespace {

constexpr std::uint64_t kScaleBlock = 128;

std::uint64_t blocks_of(std::uint64_t size) { return divide_up(size, kScaleBlock); }

/// Collects the tensors with a common prefix.
class Tensors {
 public:
  explicit Tensors(Model& model, std::string prefix = "") : model_(model), prefix_(std::move(prefix)) {}

  void add(std::string const& name, Shape const& shape) const {
    model_.tensors.push_back({prefix_ + name + ".weight", DType::bf16, shape});
  }

  /// An FP8 matrix and the scales of its blocks.
  void add_quantized(std::string const& name, std::uint64_t out, std::uint64_t in) const {
    auto const weight = prefix_ + name + ".weight";
    model_.tensors.push_back({weight, DType::f8_e4m3, {out, in}});
    model_.tensors.push_back({weight + "_scale_inv", DType::f32, {blocks_of(out), blocks_of(in)}});
  }

  void add_quantized_mlp(std::string const& name, std::uint64_t hidden, std::uint64_t intermediate) const {
    add_quantized(name + ".gate_proj", intermediate, hidden);
    add_quantized(name + ".up_proj", intermediate, hidden);
    add_quantized(name + ".down_proj", hidden, intermediate);
  }

 private:
  Model& model_;
  std::string prefix_;
};

std::string layer_prefix(std::uint32_t layer) { return "model.layers." + std::to_string(layer) + "."; }

/// What differs among the models of Llama 3.1.
struct LlamaSizes {
  std::uint32_t layers = 0;
  std::uint64_t hidden = 0;
  std::uint64_t intermediate = 0;
  std::uint64_t heads = 0;
  std::uint32_t files = 1;
};

Model llama(std::string const& name, LlamaSizes const& sizes) {
  constexpr std::uint64_t kVocabulary = 128256;
  constexpr std::uint64_t kHeadDim = 128;
  constexpr std::uint64_t kKeyValue = 8 * kHeadDim;
  auto const query = sizes.heads * kHeadDim;
  Model model{name,
              "llama",
              R"({"model_type": "llama", "vocab_size": 128256, "num_key_value_heads": 8, "tie_word_embeddings": false)"
              R"(, "hidden_size": )" +
                  std::to_string(sizes.hidden) + R"(, "num_attention_heads": )" + std::to_string(sizes.heads) +
                  R"(, "num_hidden_layers": )" + std::to_string(sizes.layers) + "}",
              sizes.files,
              {}};

  Tensors const top(model);
  top.add("model.embed_tokens", {kVocabulary, sizes.hidden});
  for (std::uint32_t number = 0; number < sizes.layers; ++number) {
    Tensors const layer(model, layer_prefix(number));
    layer.add("self_attn.q_proj", {query, sizes.hidden});
    layer.add("self_attn.k_proj", {kKeyValue, sizes.hidden});
    layer.add("self_attn.v_proj", {kKeyValue, sizes.hidden});
    layer.add("self_attn.o_proj", {sizes.hidden, query});
    layer.add("mlp.gate_proj", {sizes.intermediate, sizes.hidden});
    layer.add("mlp.up_proj", {sizes.intermediate, sizes.hidden});
    layer.add("mlp.down_proj", {sizes.hidden, sizes.intermediate});
    layer.add("input_layernorm", {sizes.hidden});
    layer.add("post_attention_layernorm", {sizes.hidden});
  }
  top.add("model.norm", {sizes.hidden});
  top.add("lm_head", {kVocabulary, sizes.hidden});
  return model;
}

}  // namespace

Model llama_8b() {
  return llama("llama 3.1 8B", {.layers = 32, .hidden = 4096, .intermediate = 14336, .heads = 32, .files = 4});
}

Model llama_70b() {
  return llama("llama 3.1 70B", {.layers = 80, .hidden = 8192, .intermediate = 28672, .heads = 64, .files = 30});
}

Model llama_405b() {
  return llama("llama 3.1 405B", {.layers = 126, .hidden = 16384, .intermediate = 53248, .heads = 128, .files = 191});
}

Model deepseek_671b() {
  constexpr std::uint32_t kLayers = 61;
  constexpr std::uint32_t kDenseLayers = 3;
  constexpr std::uint64_t kHidden = 7168;
  constexpr std::uint64_t kDenseIntermediate = 18432;
  constexpr std::uint64_t kExperts = 256;
  constexpr std::uint64_t kExpertIntermediate = 2048;
  constexpr std::uint64_t kVocabulary = 129280;
  constexpr std::uint64_t kHeads = 128;
  constexpr std::uint64_t kQueryRank = 1536;
  constexpr std::uint64_t kKeyValueRank = 512;
  constexpr std::uint64_t kNopeDim = 128;
  constexpr std::uint64_t kRopeDim = 64;
  constexpr std::uint64_t kValueDim = 128;
  Model model{"DeepSeek V3 671B",
              "deepseek_v3",
              R"({"model_type": "deepseek_v3", "vocab_size": 129280, "hidden_size": 7168, "num_attention_heads": 128,
                  "num_hidden_layers": 61, "n_routed_experts": 256, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
                  "v_head_dim": 128, "num_nextn_predict_layers": 1, "tie_word_embeddings": false,
                  "quantization_config": {"weight_block_size": [128, 128]}})",
              163,
              {}};

  Tensors const top(model);
  top.add("model.embed_tokens", {kVocabulary, kHidden});
  // The last layer is for multi-token prediction.
  for (std::uint32_t number = 0; number <= kLayers; ++number) {
    Tensors const layer(model, layer_prefix(number));
    layer.add_quantized("self_attn.q_a_proj", kQueryRank, kHidden);
    layer.add("self_attn.q_a_layernorm", {kQueryRank});
    layer.add_quantized("self_attn.q_b_proj", kHeads * (kNopeDim + kRopeDim), kQueryRank);
    layer.add_quantized("self_attn.kv_a_proj_with_mqa", kKeyValueRank + kRopeDim, kHidden);
    layer.add("self_attn.kv_a_layernorm", {kKeyValueRank});
    layer.add_quantized("self_attn.kv_b_proj", kHeads * (kNopeDim + kValueDim), kKeyValueRank);
    layer.add_quantized("self_attn.o_proj", kHidden, kHeads * kValueDim);
    layer.add("input_layernorm", {kHidden});
    layer.add("post_attention_layernorm", {kHidden});
    if (number < kDenseLayers) {
      layer.add_quantized_mlp("mlp", kHidden, kDenseIntermediate);
      continue;
    }
    layer.add("mlp.gate", {kExperts, kHidden});
    model.tensors.push_back({layer_prefix(number) + "mlp.gate.e_score_correction_bias", DType::f32, {kExperts}});
    for (std::uint64_t expert = 0; expert < kExperts; ++expert) {
      layer.add_quantized_mlp("mlp.experts." + std::to_string(expert), kHidden, kExpertIntermediate);
    }
    layer.add_quantized_mlp("mlp.shared_experts", kHidden, kExpertIntermediate);
  }
  Tensors const further(model, layer_prefix(kLayers));
  for (auto const* const name : {"embed_tokens", "shared_head.head"}) further.add(name, {kVocabulary, kHidden});
  for (auto const* const name : {"enorm", "hnorm", "shared_head.norm"}) further.add(name, {kHidden});
  further.add("eh_proj", {kHidden, 2 * kHidden});
  top.add("model.norm", {kHidden});
  top.add("lm_head", {kVocabulary, kHidden});
  return model;
}

}  // namespace distload::plan_bench
