// BERT: an encoder with learned positions, token types and norms behind the residual stream. The result is the last
// hidden state.
#include "infer/families/bert.hpp"

#include "infer/families/with_layer_norms.hpp"

namespace distload::infer {
namespace {

void refuse_decoders(ModelConfig const& config) {
  config.require("is_decoder", false);
  config.require("add_cross_attention", false);
  config.require("position_embedding_type", "absolute");
}

AttentionDescription attention_of_bert(ModelConfig const& config, std::string const& at) {
  AttentionDescription attention;
  attention.names = {.query = at + "self.query",
                     .key = at + "self.key",
                     .value = at + "self.value",
                     .fused = at + "self.qkv",
                     .output = at + "output.dense",
                     .query_norm = "",
                     .key_norm = "",
                     .sinks = ""};
  attention.options = plain_attention_of(config.count({"num_attention_heads"}, 12), config.count({"hidden_size"}, 768));
  attention.options.causal = false;
  return attention;
}

LayerDescription layer_of_bert(ModelConfig const& config, std::string const& at, double epsilon) {
  return {.prefix = at,
          .arrangement = Arrangement::post_norm,
          .attention_norm = layer_norm_of(at + "attention.output.LayerNorm", epsilon),
          .mlp_norm = layer_norm_of(at + "output.LayerNorm", epsilon),
          .attention = attention_of_bert(config, at + "attention."),
          .mlp = plain_mlp_of(at + "intermediate.dense", at + "output.dense", config.function({"hidden_act"}, "gelu"))};
}

}  // namespace

ModelDescription encoder_of_bert(ModelConfig const& config, ParameterNames const& names,
                                 std::initializer_list<std::string_view> prefixes) {
  refuse_decoders(config);
  auto const prefix = names.prefix(prefixes, "encoder.");
  auto const epsilon = config.number({"layer_norm_eps"}, 1e-12);
  auto const embeddings = prefix + "embeddings.";
  ModelDescription model;
  model.vocabulary = config.count({"vocab_size"});
  model.hidden = config.count({"hidden_size"}, 768);
  model.mlp_width = config.count({"intermediate_size"}, 3072);
  model.positions = config.count({"max_position_embeddings"}, 512);
  model.is_decoder = false;
  model.embedding.tokens = embeddings + "word_embeddings";
  model.embedding.positions = PositionTable{.name = embeddings + "position_embeddings"};
  model.embedding.token_types = embeddings + "token_type_embeddings";
  model.embedding.norm = layer_norm_of(embeddings + "LayerNorm", epsilon);
  for (std::uint32_t i = 0; i < config.count({"num_hidden_layers"}, 12); ++i) {
    model.layers.push_back(layer_of_bert(config, prefix + "encoder.layer." + std::to_string(i) + ".", epsilon));
  }
  return model;
}

ModelDescription describe_bert(ModelConfig const& config, ParameterNames const& names) {
  return encoder_of_bert(config, names, {"bert.", ""});
}

}  // namespace distload::infer
