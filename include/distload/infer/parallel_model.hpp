/// ParallelModel: a loaded model that computes: logits of tokens, on any topology with the same bits.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <distload/layers/activations.hpp>
#include <distload/load/sharded_model.hpp>
#include <distload/parallel/communicator.hpp>
#include <distload/parallel/process_grid.hpp>

namespace distload {

/// Token ids of several sequences of one length, in host memory.
struct TokenBatch {
  std::uint64_t batch = 1;        ///< sequences
  std::uint64_t tokens = 0;       ///< of each
  std::vector<std::int64_t> ids;  ///< [batch, tokens], row-major
};

/// What a part of a model has computed.
struct LayerOutput {
  /// "embeddings" (the input of the first layer), "layers.N.attention" and "layers.N.mlp" (the output of the last
  /// matrix of each, before residual and norm), "layers.N", "norm" or "logits"; of an encoder before a decoder also
  /// "encoder.embeddings", "encoder.norm", and the decoder's "layers.N.cross_attention".
  std::string name;
  ConstActivations numbers;             ///< [batch * tokens, width], valid during the call
  std::vector<std::string> parameters;  ///< that the part uses
};

/// Gets outputs as they are computed, on every rank of the stage. May be empty.
using OutputSink = std::function<void(LayerOutput const&)>;

/// The groups of ranks that the models of a grid compute with, beside those of the grid. Destroying them is collective;
/// models that share them are destroyed by each rank when it likes.
class ComputeGroups {
 public:
  /// Collective over `grid.world()`. `grid` outlives the object.
  explicit ComputeGroups(ProcessGrid const& grid);

  /// Whose ranks they are.
  ProcessGrid const& grid() const noexcept { return *grid_; }

  /// The ranks of the grid's group `tensor`, for activations.
  Communicator& tensor() const noexcept { return tensor_ ? *tensor_ : grid_->tensor(); }
  /// The ranks of this rank's pipeline stage in all replicas, for activations.
  Communicator& stage() const noexcept { return stage_on_device_ ? *stage_on_device_ : *stage_; }
  /// The ranks of the grid's group `pipeline`, for activations.
  Communicator& pipeline() const noexcept { return pipeline_ ? *pipeline_ : grid_->pipeline(); }

 private:
  ProcessGrid const* grid_;
  std::unique_ptr<Communicator> stage_;
  std::unique_ptr<Communicator> tensor_;           ///< null: the group of the grid will do
  std::unique_ptr<Communicator> stage_on_device_;  ///< null: `stage_` will do
  std::unique_ptr<Communicator> pipeline_;         ///< null: the group of the grid will do
};

/// The computation of a ShardedModel whose family is one of `computed_families()`, in float32. Every replica computes
/// what it is given. Refers to the model's memory: the model outlives the object, and after Loader::reload it computes
/// with the new numbers.
///
/// Sums over tensor-parallel ranks are made of segments that follow from the model alone, in one order: on any topology
/// whose cuts are on their borders the results have the same bits, within one build.
class ParallelModel {
 public:
  /// Collective over `grid.world()`. `model` was loaded on `grid`, which outlives the object.
  /// @throws ConfigError  the family is not computed, or a parameter is missing, or has another shape or cut than its
  ///                      layer needs: with its name; on all ranks.
  ParallelModel(ShardedModel const& model, ProcessGrid const& grid);
  /// Collective over `groups.grid().world()`, likewise, with groups that other models may use too. They outlive the
  /// object, whose destruction is local.
  ParallelModel(ShardedModel const& model, ComputeGroups const& groups);
  ~ParallelModel();
  ParallelModel(ParallelModel const&) = delete;
  ParallelModel& operator=(ParallelModel const&) = delete;

  /// Collective over a replica, and with expert parallelism over all ranks, which then give equal ids: the logits,
  /// [batch * tokens, vocabulary], of encoders the last hidden state, [batch * tokens, hidden]; on the ranks of the
  /// last pipeline stage, elsewhere empty. An encoder before a decoder reads `ids`, and the decoder the start token and
  /// `ids` but the last.
  /// @throws ConfigError  an id is not below the vocabulary's size, or there are more tokens than positions.
  Activations forward(TokenBatch const& ids, OutputSink const& sink = {});

  /// Collective, as `forward`: appends to each sequence `count` tokens, each the one with the largest logit (of equal
  /// ones the first), with a cache of keys and values. Gives all ranks the new tokens, [batch, count]. If the model has
  /// an encoder and a decoder, `ids` are the encoder's and the new tokens those behind the decoder's start token.
  /// @throws ConfigError  as `forward`; or the model is an encoder, or has no head.
  TokenBatch generate(TokenBatch const& ids, std::uint64_t count);

  /// Collective, as `forward`: XXH3-64 of the bytes of the result of `forward`, on all ranks.
  std::uint64_t hash(TokenBatch const& ids);

  /// Collective, as `forward`: checks, e.g. after Loader::reload, that the model computes what it should.
  /// @throws CorruptData  the hash of the result is not `expected`: with both.
  void self_test(TokenBatch const& ids, std::uint64_t expected);

  /// Names of the layers whose sums depend, in the last bits, on the number of ranks, as they are cut beside segments'
  /// borders; on this rank's stage.
  std::vector<std::string> inexact_layers() const;

  /// True for models that have logits and can generate.
  bool is_decoder() const noexcept;

 private:
  class Body;
  std::unique_ptr<Body> body_;
};

/// Values of `model_type` in config.json that ParallelModel computes; sorted.
std::vector<std::string> computed_families();

/// Local: checks the numbers of all shards of floating-point types.
/// @throws CorruptData  one is NaN or infinite: with the parameter's name and the number of such numbers.
void check_numbers(ShardedModel const& model);

}  // namespace distload
