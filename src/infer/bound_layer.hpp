/// BoundLayer: one layer of a model on this rank.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <distload/infer/parallel_model.hpp>
#include <distload/layers/attention.hpp>
#include <distload/layers/experts.hpp>
#include <distload/layers/mlp.hpp>
#include <distload/layers/norm.hpp>

#include "infer/description.hpp"

namespace distload::infer {

/// The groups that layers communicate over.
struct Groups {
  Communicator* tensor = nullptr;
  Communicator* stage = nullptr;
};

struct LayerCache {
  KeyValueCache own;    ///< of the layer's attention
  KeyValueCache cross;  ///< of its attention to the encoder's result; empty if it has none
};

class BoundLayer {
 public:
  /// @throws ConfigError  as the layers that it consists of.
  BoundLayer(ShardedModel const& model, LayerDescription const& description, std::string name, Groups const& groups);

  /// @param encoded  tokens of the encoder's result
  LayerCache new_cache(std::uint64_t batch, std::uint64_t positions, std::uint64_t encoded) const;

  /// Local: keeps what the layer needs of the encoder's result.
  void remember(Activations const& encoded, Sequences const& sequences, LayerCache const& cache) const;

  /// Collective: the layer's output, in the place of `h`. Reports the outputs "NAME.attention", "NAME.cross_attention",
  /// "NAME.mlp" and "NAME".
  void run(Activations const& h, Sequences const& sequences, LayerCache const& cache, OutputSink const& sink) const;

  /// False: some sum depends on the number of ranks.
  bool is_exact() const;
  std::string const& name() const noexcept { return name_; }

 private:
  Activations attention(ConstActivations const& x, Sequences const& sequences, KeyValueCache const& cache,
                        OutputSink const& sink) const;
  Activations mlp(ConstActivations const& x, OutputSink const& sink) const;
  void add_cross_attention(Activations const& h, Sequences const& sequences, KeyValueCache const& cache,
                           OutputSink const& sink) const;
  void run_sequential(Activations const& h, Sequences const& sequences, LayerCache const& cache,
                      OutputSink const& sink) const;
  void run_parallel(Activations const& h, Sequences const& sequences, KeyValueCache const& cache,
                    OutputSink const& sink) const;
  void run_post_norm(Activations const& h, Sequences const& sequences, KeyValueCache const& cache,
                     OutputSink const& sink) const;

  std::string name_;
  Arrangement arrangement_;
  bool residual_is_normalized_;
  std::vector<std::string> norm_parameters_;
  std::optional<Norm> attention_norm_;
  std::optional<Norm> norm_after_attention_;
  std::optional<Norm> mlp_norm_;
  std::optional<Norm> norm_after_mlp_;
  std::variant<Attention, LatentAttention> attention_;
  std::variant<Mlp, Experts> mlp_;
  std::optional<Norm> cross_norm_;
  std::optional<Attention> cross_attention_;
};

}  // namespace distload::infer
