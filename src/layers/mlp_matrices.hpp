/// MlpMatrices: the matrices of an MLP, or of one expert.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <distload/layers/mlp.hpp>

#include "layers/linear_matrix.hpp"
#include "layers/row_parallel_matrix.hpp"

namespace distload {

class MlpMatrices {
 public:
  /// @param expert  which matrix of parameters with three axes; has no effect on others
  /// @throws ConfigError  as Mlp.
  MlpMatrices(ShardedModel const& model, MlpNames const& names, ActivationFunction function, Communicator& group,
              std::optional<std::uint32_t> expert = std::nullopt);

  /// Local: what `down` multiplies.
  Activations inner(ConstActivations const& x) const;
  RowParallelMatrix const& down() const noexcept { return down_; }
  std::vector<std::string> parameters() const;

 private:
  ActivationFunction function_;
  RowParallelMatrix down_;
  LinearMatrix up_;
  std::optional<LinearMatrix> gate_;
};

}  // namespace distload
