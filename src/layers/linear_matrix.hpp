/// LinearMatrix: the part of a linear layer that one rank computes: outputs of a weight, and their bias.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <distload/layers/activations.hpp>
#include <distload/load/sharded_model.hpp>

#include "layers/bound_shard.hpp"
#include "layers/kernels/matmul.hpp"
#include "layers/kernels/numbers.hpp"

namespace distload {

/// [nodes, tokens, outputs]
using Sums = Kokkos::View<float***, Kokkos::LayoutRight, ShardSpace>;

/// Which part of which parameters.
struct LinearPart {
  std::string weight;  ///< name of the parameter
  std::string bias;    ///< empty: none
  std::optional<std::vector<Range>> outputs =
      std::nullopt;                                    ///< of the whole parameter; nothing: all that the shard has
  std::optional<std::uint32_t> matrix = std::nullopt;  ///< of a parameter with three axes
  std::string unfused = {};      ///< as of scale_of: name of the parameter that `outputs` are elsewhere
  bool may_lack_inputs = false;  ///< the inputs may be cut over ranks, as those of a row-parallel layer
};

class LinearMatrix {
 public:
  /// @throws ConfigError  as BoundShard and BoundShard::rows_of, or the bias does not fit the weight, or inputs are on
  ///                      other ranks and may not be.
  LinearMatrix(ShardedModel const& model, LinearPart const& part);

  std::uint64_t outputs() const noexcept { return outputs_; }
  /// Columns of the shard.
  std::uint64_t inputs() const noexcept { return inputs_; }
  /// The outputs of the whole parameter that are computed, in order.
  std::vector<Range> const& ranges() const noexcept { return ranges_; }
  /// Of the whole parameter.
  std::uint64_t global_outputs() const noexcept { return global_outputs_; }
  std::uint64_t global_inputs() const noexcept { return global_inputs_; }
  BoundShard const& shard() const noexcept { return shard_; }
  /// Empty: there is none.
  Numbers const& bias() const noexcept { return bias_; }
  std::vector<std::string> const& parameters() const noexcept { return parameters_; }

  /// Local: [tokens, outputs]: the whole inputs as one segment, with the bias. Precondition: all inputs are here.
  Activations product(ConstActivations const& x) const;
  /// Local: the sum of each node without the bias.
  Sums sums(ConstActivations const& x, LocalSegments const& segments) const;

 private:
  BoundShard shard_;
  WeightMatrix weight_;
  std::vector<Range> ranges_;
  RowTable rows_;
  std::uint64_t outputs_ = 0;
  std::uint64_t inputs_ = 0;
  std::uint64_t global_outputs_ = 0;
  std::uint64_t global_inputs_ = 0;
  Numbers bias_;
  std::vector<std::string> parameters_;
};

/// Appends those of `more` that `names` does not have yet.
void add_new_names(std::vector<std::string> const& more, std::vector<std::string>& names);

/// @throws ConfigError  `x` has another width than the layer `name` has inputs.
void check_width(ConstActivations const& x, std::uint64_t inputs, std::string const& name);

/// New activations without values.
Activations new_activations(std::uint64_t tokens, std::uint64_t width, char const* label);

}  // namespace distload
