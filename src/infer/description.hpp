/// ModelDescription: what a model computes, and the names of the parameters that it computes with. A family's file
/// makes it of config.json.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <distload/layers/attention.hpp>
#include <distload/layers/experts.hpp>
#include <distload/layers/mlp.hpp>
#include <distload/layers/norm.hpp>

namespace distload::infer {

struct NormDescription {
  std::string name;
  NormOptions options;
};

struct AttentionDescription {
  AttentionNames names;
  AttentionOptions options;
};

struct LatentAttentionDescription {
  LatentAttentionNames names;
  LatentAttentionOptions options;
};

/// Attention to the result of the encoder, between attention and MLP.
struct CrossAttentionDescription {
  NormDescription norm;
  AttentionDescription attention;
};

struct MlpDescription {
  MlpNames names;
  ActivationFunction function = ActivationFunction::silu;
};

struct ExpertsDescription {
  ExpertsNames names;
  RouterOptions router;
  ActivationFunction function = ActivationFunction::silu;
};

/// How a layer joins attention, MLP, norms and the residual stream.
enum class Arrangement : std::uint8_t {
  sequential,  ///< h += norm_after(attention(norm(h))); h += norm_after(mlp(norm(h)))
  parallel,    ///< h += attention(norm(h)) + mlp(mlp_norm(h)); without mlp_norm both have the same input
  post_norm,   ///< h = norm(h + attention(h)); h = mlp_norm(h + mlp(h))
};

struct LayerDescription {
  std::string prefix;  ///< of the names of its parameters: "model.layers.0."
  Arrangement arrangement = Arrangement::sequential;
  bool residual_is_normalized = false;  ///< sequential: the results are added to norm(h) instead of h (BLOOM's option)
  std::optional<NormDescription> attention_norm = std::nullopt;
  std::optional<NormDescription> norm_after_attention = std::nullopt;
  std::optional<NormDescription> mlp_norm = std::nullopt;
  std::optional<NormDescription> norm_after_mlp = std::nullopt;
  std::variant<AttentionDescription, LatentAttentionDescription> attention;
  std::variant<MlpDescription, ExpertsDescription> mlp;
  std::optional<CrossAttentionDescription> cross_attention = std::nullopt;  ///< sequential only
};

/// A table of learned positions.
struct PositionTable {
  std::string name;
  std::int64_t offset = 0;  ///< row of position 0
  std::optional<std::int64_t> padding_id =
      std::nullopt;  ///< RoBERTa: tokens with this id have row `padding_id` and do not count as positions
};

struct EmbeddingDescription {
  std::string tokens;  ///< table of the vocabulary
  float factor = 1;    ///< of its rows
  std::optional<PositionTable> positions = std::nullopt;
  std::string token_types;  ///< table whose row 0 is added to every token; may be empty
  std::optional<NormDescription> norm = std::nullopt;
  std::string projection;  ///< linear layer behind it; may be empty
};

struct HeadDescription {
  std::string projection;  ///< linear layer before it; may be empty
  std::string name;        ///< empty: the result is the last hidden state
  float factor = 1;        ///< of logits
  float soft_cap = 0;      ///< of logits; 0: none
};

/// The encoder before a decoder. The given tokens are its input; the decoder's input is `start_id` and the given or
/// generated tokens but the last.
struct EncoderDescription {
  std::size_t layers = 0;  ///< that are the encoder's: the first of all
  std::string tokens;      ///< table of the vocabulary
  NormDescription final_norm;
  std::int64_t start_id = 0;
};

/// A decoder or an encoder, or both: layers of one width between an embedding and a head.
struct ModelDescription {
  std::uint64_t vocabulary = 0;
  std::uint64_t hidden = 0;
  std::uint64_t mlp_width = 0;             ///< of the widest layer, or of an expert
  std::uint64_t positions = 0;             ///< the most that the model has; 0: no limit
  bool is_decoder = true;                  ///< false: it is an encoder or has no head
  std::uint64_t computes_anew_beyond = 0;  ///< a text that grows beyond so many tokens has other keys; 0: none
  EmbeddingDescription embedding;
  std::vector<LayerDescription> layers;
  std::optional<EncoderDescription> encoder = std::nullopt;
  std::optional<NormDescription> final_norm = std::nullopt;
  HeadDescription head;
};

}  // namespace distload::infer
