/// HeadsOutput: the projection of heads' results, one segment for each head.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "layers/row_parallel_matrix.hpp"

namespace distload {

class HeadsOutput {
 public:
  /// @param held  the heads whose results this rank has
  /// @throws ConfigError  as RowParallelMatrix, or this rank's inputs are not the results of its heads.
  HeadsOutput(ShardedModel const& model, std::string const& name, std::vector<std::uint32_t> const& held,
              std::uint32_t heads, std::uint32_t head_dim, Communicator& group);

  Activations operator()(ConstActivations const& results) const { return matrix_.product(results); }
  bool is_exact() const noexcept { return matrix_.is_exact(); }
  std::vector<std::string> const& parameters() const noexcept { return matrix_.matrix().parameters(); }

 private:
  RowParallelMatrix matrix_;
};

}  // namespace distload
