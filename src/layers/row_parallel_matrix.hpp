/// RowParallelMatrix: a linear layer whose inputs are cut over the ranks of a group.
#pragma once

#include <cstdint>
#include <optional>

#include "layers/group_sum.hpp"
#include "layers/linear_matrix.hpp"
#include "layers/segments.hpp"

namespace distload {

class RowParallelMatrix {
 public:
  /// @param segments  of all inputs; nothing: segments_of_width
  /// @throws ConfigError  as LinearMatrix, or this rank's inputs are not one range, or the ranks' are not in order.
  RowParallelMatrix(ShardedModel const& model, LinearPart const& part, std::optional<std::uint32_t> segments,
                    Communicator& group);

  LinearMatrix const& matrix() const noexcept { return matrix_; }
  /// Of this rank, in the whole layer.
  Range inputs() const noexcept { return inputs_; }
  bool is_exact() const noexcept { return sum_.is_exact(); }
  /// Sums that this rank contributes.
  std::uint64_t local_nodes() const noexcept { return segments_.local.nodes.size(); }

  /// Local: this rank's nodes, without bias.
  Sums sums(ConstActivations const& x) const { return matrix_.sums(x, segments_.local); }
  /// Collective: the total of all ranks' nodes with the bias.
  Activations product(ConstActivations const& x) const;
  /// Collective: the total of nodes that `sums` has made.
  Activations total(Sums const& sums) const { return sum_.total(sums); }

 private:
  LinearMatrix matrix_;
  Range inputs_;
  SharedSegments segments_;
  GroupSum sum_;
};

/// The parameters of the layer `name`: `name`.weight and `name`.bias if the model has it, or `name` itself.
LinearPart linear_part(ShardedModel const& model, std::string const& name);

}  // namespace distload
