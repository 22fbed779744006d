/// Stage: the layers of one pipeline stage on this rank, with the embedding on the first and the head on the last
/// stage.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <distload/infer/parallel_model.hpp>
#include <distload/layers/embedding.hpp>
#include <distload/layers/linear.hpp>
#include <distload/layers/norm.hpp>

#include "infer/bound_layer.hpp"
#include "infer/description.hpp"
#include "layers/linear_matrix.hpp"

namespace distload::infer {

/// Which ends of the model a stage has.
struct StageEnds {
  bool is_first = true;
  bool is_last = true;
};

class Stage {
 public:
  /// @throws ConfigError  as the layers that it consists of.
  Stage(ShardedModel const& model, ModelDescription description, StageEnds ends, Groups const& groups);

  ModelDescription const& description() const noexcept { return description_; }
  std::vector<BoundLayer> const& layers() const noexcept { return layers_; }

  /// One for each layer.
  /// @param encoded  tokens of the encoder's result
  std::vector<LayerCache> new_caches(std::uint64_t batch, std::uint64_t positions, std::uint64_t encoded) const;

  /// True on the stage with the decoder's first layer; the first stage, if there is no encoder.
  bool begins_decoder() const noexcept { return tokens_.has_value(); }
  /// True on stages with layers of the encoder only.
  bool is_before_decoder() const noexcept;

  /// Collective: the input of the encoder's first layer. Precondition: the first stage of a model with an encoder.
  Activations embed_for_encoder(TokenBatch const& ids, OutputSink const& sink) const;
  /// Collective: runs the encoder's layers in the place of `h`, with the norm behind the last.
  void encode(Activations const& h, Sequences const& sequences, OutputSink const& sink) const;
  /// Local: keeps what the decoder's layers need of the encoder's result.
  void remember(Activations const& encoded, Sequences const& sequences, std::vector<LayerCache> const& caches) const;

  /// Collective: the input of the first layer. Precondition: begins_decoder.
  Activations embed(TokenBatch const& ids, Sequences const& sequences, OutputSink const& sink) const;
  /// Collective: runs the layers but those of the encoder, in the place of `h`.
  void run(Activations const& h, Sequences const& sequences, std::vector<LayerCache> const& caches,
           OutputSink const& sink) const;
  /// Collective: logits, or the last hidden state. Precondition: the last stage.
  Activations finish(Activations const& h, OutputSink const& sink) const;

 private:
  void bind_encoder(ShardedModel const& model, StageEnds ends, Groups const& groups);
  void bind_embedding(ShardedModel const& model, Groups const& groups);
  void bind_head(ShardedModel const& model, Groups const& groups);
  void add_positions(Activations const& h, TokenBatch const& ids, Sequences const& sequences) const;

  ModelDescription description_;
  std::optional<VocabParallelEmbedding> tokens_;
  std::optional<VocabParallelEmbedding> positions_;
  std::optional<VocabParallelEmbedding> token_types_;
  std::optional<Norm> embedding_norm_;
  std::optional<LinearMatrix> embedding_projection_;
  std::vector<BoundLayer> layers_;
  std::size_t encoder_layers_ = 0;  ///< of `layers_`, the first
  std::optional<VocabParallelEmbedding> encoder_tokens_;
  std::optional<Norm> encoder_norm_;
  std::optional<Norm> final_norm_;
  std::optional<LinearMatrix> head_projection_;
  std::optional<ColumnParallelLinear> head_;
};

}  // namespace distload::infer
