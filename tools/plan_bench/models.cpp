// Lists the tensors of every layer.
#include "plan_bench/models.hpp"

#include <distload/base/bytes.hpp>

namespace distload::plan_bench {
namespace {

constexpr std::uint64_t kScaleBlock = 128;
constexpr std::uint64_t kPackedGroup = 32;     // weights in 4 bits that share a scale
constexpr std::uint64_t kPackedPerNumber = 8;  // weights in 4 bits that an I32 holds

// Of DeepSeek V3, and of the models of its form.
constexpr std::uint64_t kHidden = 7168;
constexpr std::uint64_t kDenseIntermediate = 18432;
constexpr std::uint64_t kExpertIntermediate = 2048;
constexpr std::uint64_t kQueryRank = 1536;
constexpr std::uint64_t kKeyValueRank = 512;
constexpr std::uint64_t kNopeDim = 128;
constexpr std::uint64_t kRopeDim = 64;
constexpr std::uint64_t kValueDim = 128;

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

  /// A matrix in groups of 4 bits, as compressed-tensors packs it.
  void add_packed(std::string const& name, std::uint64_t out, std::uint64_t in) const {
    auto const weight = prefix_ + name + ".weight";
    model_.tensors.push_back({weight + "_packed", DType::i32, {out, in / kPackedPerNumber}});
    model_.tensors.push_back({weight + "_scale", DType::bf16, {out, in / kPackedGroup}});
    model_.tensors.push_back({weight + "_shape", DType::i32, {2}});
  }

  /// @param add_matrix  one of the above, called as (name, out, in)
  template <class AddMatrix>
  static void add_mlp(AddMatrix const& add_matrix, std::string const& name, std::uint64_t intermediate) {
    add_matrix(name + ".gate_proj", intermediate, kHidden);
    add_matrix(name + ".up_proj", intermediate, kHidden);
    add_matrix(name + ".down_proj", kHidden, intermediate);
  }

  template <class AddMatrix>
  void add_latent_attention(AddMatrix const& add_matrix, std::uint64_t heads) const {
    add_matrix("self_attn.q_a_proj", kQueryRank, kHidden);
    add("self_attn.q_a_layernorm", {kQueryRank});
    add_matrix("self_attn.q_b_proj", heads * (kNopeDim + kRopeDim), kQueryRank);
    add_matrix("self_attn.kv_a_proj_with_mqa", kKeyValueRank + kRopeDim, kHidden);
    add("self_attn.kv_a_layernorm", {kKeyValueRank});
    add_matrix("self_attn.kv_b_proj", heads * (kNopeDim + kValueDim), kKeyValueRank);
    add_matrix("self_attn.o_proj", kHidden, heads * kValueDim);
    add("input_layernorm", {kHidden});
    add("post_attention_layernorm", {kHidden});
  }

  void add_router(std::uint64_t experts) const {
    add("mlp.gate", {experts, kHidden});
    model_.tensors.push_back({prefix_ + "mlp.gate.e_score_correction_bias", DType::f32, {experts}});
  }

  /// All of a layer in the form of DeepSeek V3.
  /// @param experts  0: an MLP takes their place
  template <class AddMatrix, class AddExpert>
  void add_layer(AddMatrix const& add_matrix, AddExpert const& add_expert, std::uint64_t heads,
                 std::uint64_t experts) const {
    add_latent_attention(add_matrix, heads);
    if (experts == 0) {
      add_mlp(add_matrix, "mlp", kDenseIntermediate);
      return;
    }
    add_router(experts);
    for (std::uint64_t expert = 0; expert < experts; ++expert) {
      add_mlp(add_expert, "mlp.experts." + std::to_string(expert), kExpertIntermediate);
    }
    add_mlp(add_matrix, "mlp.shared_experts", kExpertIntermediate);
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
  constexpr std::uint64_t kExperts = 256;
  constexpr std::uint64_t kVocabulary = 129280;
  constexpr std::uint64_t kHeads = 128;
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
    auto const quantized = [&](std::string const& name, std::uint64_t out, std::uint64_t in) {
      layer.add_quantized(name, out, in);
    };
    layer.add_layer(quantized, quantized, kHeads, number < kDenseLayers ? 0 : kExperts);
  }
  Tensors const further(model, layer_prefix(kLayers));
  for (auto const* const name : {"embed_tokens", "shared_head.head"}) further.add(name, {kVocabulary, kHidden});
  for (auto const* const name : {"enorm", "hnorm", "shared_head.norm"}) further.add(name, {kHidden});
  further.add("eh_proj", {kHidden, 2 * kHidden});
  top.add("model.norm", {kHidden});
  top.add("lm_head", {kVocabulary, kHidden});
  return model;
}

Model int4_experts_1tb() {
  constexpr std::uint32_t kLayers = 59;
  constexpr std::uint64_t kExperts = 768;
  constexpr std::uint64_t kVocabulary = 163840;
  constexpr std::uint64_t kHeads = 64;
  Model model{"int4 experts, 1 TB",
              "kimi_k25",
              R"({"model_type": "kimi_k25", "text_config": {
                  "vocab_size": 163840, "hidden_size": 7168, "num_attention_heads": 64, "num_hidden_layers": 59,
                  "n_routed_experts": 768, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128,
                  "first_k_dense_replace": 1, "num_nextn_predict_layers": 0, "tie_word_embeddings": false,
                  "quantization_config": {"quant_method": "compressed-tensors", "format": "pack-quantized",
                    "config_groups": {"group_0": {"weights": {"num_bits": 4, "group_size": 32, "type": "int"}}}}}})",
              110,
              {}};

  Tensors const top(model, "language_model.");
  top.add("model.embed_tokens", {kVocabulary, kHidden});
  for (std::uint32_t number = 0; number < kLayers; ++number) {
    Tensors const layer(model, "language_model." + layer_prefix(number));
    auto const as_it_is = [&](std::string const& name, std::uint64_t out, std::uint64_t in) {
      layer.add(name, {out, in});
    };
    auto const packed = [&](std::string const& name, std::uint64_t out, std::uint64_t in) {
      layer.add_packed(name, out, in);
    };
    layer.add_layer(as_it_is, packed, kHeads, number == 0 ? 0 : kExperts);
  }
  top.add("model.norm", {kHidden});
  top.add("lm_head", {kVocabulary, kHidden});
  return model;
}

}  // namespace distload::plan_bench
