/// ColumnParallelLinear, RowParallelLinear: linear layers over the shards of a ShardedModel.
///
///     distload::ShardedModel const model = distload::Loader(grid, config).load().model;
///     distload::ColumnParallelLinear const up(model, "model.layers.0.mlp.up_proj", grid.tensor());
///     distload::Activations const y = up.gathered(x);  // [tokens, intermediate]
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <distload/layers/activations.hpp>
#include <distload/load/sharded_model.hpp>
#include <distload/parallel/communicator.hpp>

namespace distload {

/// y = x W^T + b with W of shape [out, in] (or stored as [in, out]), whose outputs are cut over the ranks of a group.
/// Weights may be F32, BF16, F16, or FP8 with a scale beside them; arithmetic is float32. Refers to the model's memory:
/// the model outlives the layer, and Loader::reload changes its results.
class ColumnParallelLinear {
 public:
  /// Local: binds the parameters `name`.weight and, if the model has one, `name`.bias; or the parameter `name` itself.
  /// `group`: the tensor-parallel ranks, in order; it outlives the layer.
  /// @throws ConfigError  this rank holds no such parameter, one has a type or shape that layers do not compute with,
  ///                      or was cut for another group: with the parameter's name.
  ColumnParallelLinear(ShardedModel const& model, std::string const& name, Communicator& group);
  ~ColumnParallelLinear();
  /// The source cannot be used any more.
  ColumnParallelLinear(ColumnParallelLinear&&) noexcept;
  ColumnParallelLinear(ColumnParallelLinear const&) = delete;
  ColumnParallelLinear& operator=(ColumnParallelLinear const&) = delete;

  /// Of the whole layer.
  std::uint64_t inputs() const noexcept;
  /// Of the whole layer.
  std::uint64_t outputs() const noexcept;
  /// Of this rank.
  std::uint64_t local_outputs() const noexcept;

  /// Local: this rank's outputs of x [tokens, inputs]: [tokens, local outputs], in the order of the shard.
  /// @throws ConfigError  x has another width.
  Activations local(ConstActivations const& x) const;

  /// Collective over the group: all outputs, [tokens, outputs], on all ranks. All give the same x.
  /// @throws ConfigError  x has another width.
  Activations gathered(ConstActivations const& x) const;

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

/// y = x W^T + b with W of shape [out, in] (or stored as [in, out]), whose inputs are cut over the ranks of a group:
/// the ranks' sums are added, the bias once. Otherwise as ColumnParallelLinear.
///
/// The sum of every output is made of segments of the inputs that do not depend on the number of ranks, and is added in
/// one order: it has the same bits on any number of ranks whose cuts are on borders of segments.
class RowParallelLinear {
 public:
  /// Local: as ColumnParallelLinear.
  /// @param segments  of the inputs, e.g. one for each head; divides their number. Nothing: as many as 1, 2, 3, 4, 6,
  ///                  8, 12, 16, 24 and 48 ranks can share, wherever these divide the inputs.
  RowParallelLinear(ShardedModel const& model, std::string const& name, Communicator& group,
                    std::optional<std::uint32_t> segments = std::nullopt);
  ~RowParallelLinear();
  /// The source cannot be used any more.
  RowParallelLinear(RowParallelLinear&&) noexcept;
  RowParallelLinear(RowParallelLinear const&) = delete;
  RowParallelLinear& operator=(RowParallelLinear const&) = delete;

  /// Of the whole layer.
  std::uint64_t inputs() const noexcept;
  /// Of the whole layer.
  std::uint64_t outputs() const noexcept;
  /// Of this rank.
  std::uint64_t local_inputs() const noexcept;
  /// First input of this rank, in the whole layer.
  std::uint64_t first_input() const noexcept;
  /// False: the cuts are beside segments, and the last bits of results depend on the number of ranks.
  bool is_exact() const noexcept;

  /// Collective over the group: [tokens, outputs] of this rank's inputs x [tokens, local inputs], on all ranks.
  /// @throws ConfigError  x has another width.
  Activations operator()(ConstActivations const& x) const;

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace distload
