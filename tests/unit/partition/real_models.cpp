// Shapes of real models.
#include "real_models.hpp"

#include "model_fixture.hpp"

namespace distload::testing {
namespace {

/// The sizes that the families of decoders share.
struct Decoder {
  std::uint32_t layers;
  std::uint64_t vocabulary;
  std::uint64_t hidden;
  std::uint64_t query;      ///< heads x head_dim
  std::uint64_t key_value;  ///< key/value heads x head_dim
  std::uint64_t intermediate;
};

std::vector<NamedShape> tensors_of(Decoder const& d) {
  std::string const layer = "model.layers.{layer}.";
  return {
      {"model.embed_tokens.weight", {d.vocabulary, d.hidden}},
      {layer + "self_attn.q_proj.weight", {d.query, d.hidden}},
      {layer + "self_attn.k_proj.weight", {d.key_value, d.hidden}},
      {layer + "self_attn.v_proj.weight", {d.key_value, d.hidden}},
      {layer + "self_attn.o_proj.weight", {d.hidden, d.query}},
      {layer + "mlp.gate_proj.weight", {d.intermediate, d.hidden}},
      {layer + "mlp.up_proj.weight", {d.intermediate, d.hidden}},
      {layer + "mlp.down_proj.weight", {d.hidden, d.intermediate}},
      {layer + "input_layernorm.weight", {d.hidden}},
      {layer + "post_attention_layernorm.weight", {d.hidden}},
      {"model.norm.weight", {d.hidden}},
  };
}

void append_encoder(std::vector<NamedShape>& tensors, std::string const& prefix, std::uint64_t hidden) {
  auto const add_pair = [&](std::string const& name, Shape const& weight) {
    tensors.push_back({prefix + name + ".weight", weight});
    tensors.push_back({prefix + name + ".bias", {weight[0]}});
  };
  std::string const layer = "encoder.layer.{layer}.";
  tensors.push_back({prefix + "embeddings.word_embeddings.weight", {30522, hidden}});
  tensors.push_back({prefix + "embeddings.position_embeddings.weight", {512, hidden}});
  tensors.push_back({prefix + "embeddings.token_type_embeddings.weight", {2, hidden}});
  tensors.push_back({prefix + "embeddings.position_ids", {1, 512}});
  add_pair("embeddings.LayerNorm", {hidden});
  for (auto const* name : {"query", "key", "value"}) add_pair(layer + "attention.self." + name, {hidden, hidden});
  add_pair(layer + "attention.output.dense", {hidden, hidden});
  add_pair(layer + "attention.output.LayerNorm", {hidden});
  add_pair(layer + "intermediate.dense", {4 * hidden, hidden});
  add_pair(layer + "output.dense", {hidden, 4 * hidden});
  add_pair(layer + "output.LayerNorm", {hidden});
  add_pair("pooler.dense", {hidden, hidden});
}

}  // namespace

RealModel llama_3_8b() {
  auto tensors = tensors_of({32, 128256, 4096, 4096, 1024, 14336});
  tensors.push_back({"lm_head.weight", {128256, 4096}});
  return {R"({"model_type": "llama", "vocab_size": 128256, "hidden_size": 4096, "num_attention_heads": 32,
              "num_key_value_heads": 8, "num_hidden_layers": 32, "tie_word_embeddings": false})",
          make_catalog(tensors, 32)};
}

RealModel llama_3_2_1b() {
  return {
      R"({"model_type": "llama", "vocab_size": 128256, "hidden_size": 2048, "num_attention_heads": 32, "head_dim": 64,
              "num_key_value_heads": 8, "num_hidden_layers": 16, "tie_word_embeddings": true})",
      make_catalog(tensors_of({16, 128256, 2048, 2048, 512, 8192}), 16)};
}

RealModel mistral_7b() {
  auto tensors = tensors_of({32, 32000, 4096, 4096, 1024, 14336});
  tensors.push_back({"lm_head.weight", {32000, 4096}});
  return {
      R"({"model_type": "mistral", "vocab_size": 32000, "hidden_size": 4096, "num_attention_heads": 32, "head_dim": null,
              "num_key_value_heads": 8, "num_hidden_layers": 32})",
      make_catalog(tensors, 32)};
}

RealModel qwen2_0_5b() {
  auto tensors = tensors_of({24, 151936, 896, 896, 128, 4864});
  tensors.push_back({"model.layers.{layer}.self_attn.q_proj.bias", {896}});
  tensors.push_back({"model.layers.{layer}.self_attn.k_proj.bias", {128}});
  tensors.push_back({"model.layers.{layer}.self_attn.v_proj.bias", {128}});
  return {R"({"model_type": "qwen2", "vocab_size": 151936, "hidden_size": 896, "num_attention_heads": 14,
              "num_key_value_heads": 2, "num_hidden_layers": 24, "tie_word_embeddings": true})",
          make_catalog(tensors, 24)};
}

RealModel qwen3_0_6b() {
  auto tensors = tensors_of({28, 151936, 1024, 2048, 1024, 3072});
  tensors.push_back({"lm_head.weight", {151936, 1024}});
  tensors.push_back({"model.layers.{layer}.self_attn.q_norm.weight", {128}});
  tensors.push_back({"model.layers.{layer}.self_attn.k_norm.weight", {128}});
  return {
      R"({"model_type": "qwen3", "vocab_size": 151936, "hidden_size": 1024, "num_attention_heads": 16, "head_dim": 128,
              "num_key_value_heads": 8, "num_hidden_layers": 28, "tie_word_embeddings": true})",
      make_catalog(tensors, 28)};
}

RealModel minilm() {
  std::vector<NamedShape> tensors;
  append_encoder(tensors, "", 384);
  return {R"({"model_type": "bert", "vocab_size": 30522, "hidden_size": 384, "num_attention_heads": 12,
              "num_hidden_layers": 6})",
          make_catalog(tensors, 6)};
}

RealModel bert_base() {
  std::vector<NamedShape> tensors;
  append_encoder(tensors, "bert.", 768);
  tensors.push_back({"cls.predictions.transform.dense.weight", {768, 768}});
  tensors.push_back({"cls.predictions.transform.dense.bias", {768}});
  tensors.push_back({"cls.predictions.transform.LayerNorm.gamma", {768}});
  tensors.push_back({"cls.predictions.transform.LayerNorm.beta", {768}});
  tensors.push_back({"cls.predictions.bias", {30522}});
  tensors.push_back({"cls.predictions.decoder.weight", {30522, 768}});
  tensors.push_back({"cls.seq_relationship.weight", {2, 768}});
  tensors.push_back({"cls.seq_relationship.bias", {2}});
  return {R"({"model_type": "bert", "vocab_size": 30522, "hidden_size": 768, "num_attention_heads": 12,
              "num_hidden_layers": 12})",
          make_catalog(tensors, 12)};
}

}  // namespace distload::testing
