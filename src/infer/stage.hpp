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
  std::vector<KeyValueCache> new_caches(std::uint64_t batch, std::uint64_t positions) const;

  /// Collective: the input of the first layer. Precondition: the first stage.
  Activations embed(TokenBatch const& ids, Sequences const& sequences, OutputSink const& sink) const;
  /// Collective: runs the layers, in the place of `h`.
  void run(Activations const& h, Sequences const& sequences, std::vector<KeyValueCache> const& caches,
           OutputSink const& sink) const;
  /// Collective: logits, or the last hidden state. Precondition: the last stage.
  Activations finish(Activations const& h, OutputSink const& sink) const;

 private:
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
  std::optional<Norm> final_norm_;
  std::optional<LinearMatrix> head_projection_;
  std::optional<ColumnParallelLinear> head_;
};

}  // namespace distload::infer
