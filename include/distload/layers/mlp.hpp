/// Mlp: a gated or plain MLP, whose width is cut over the ranks of a group.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <distload/layers/activation_function.hpp>
#include <distload/layers/activations.hpp>
#include <distload/load/sharded_model.hpp>
#include <distload/parallel/communicator.hpp>

namespace distload {

/// Names of the layers of an MLP; each binds NAME.weight and, if there is one, NAME.bias, or the parameter NAME.
struct MlpNames {
  std::string gate;           ///< empty: the MLP is plain, and `up` is its first layer
  std::string up;             ///< to the MLP's width
  std::string fused_gate_up;  ///< gate and up one after the other, if the model has it; may be empty
  std::string down;           ///< from the MLP's width
};

/// down(f(gate(x)) * up(x)), or down(f(up(x))). Its sums have segments as RowParallelLinear. Refers to the model's
/// memory, as ColumnParallelLinear.
class Mlp {
 public:
  /// Local. `group` as of ColumnParallelLinear.
  /// @throws ConfigError  as ColumnParallelLinear; or gate, up and down are not cut at the same places.
  Mlp(ShardedModel const& model, MlpNames const& names, ActivationFunction function, Communicator& group);
  ~Mlp();
  /// The source cannot be used any more.
  Mlp(Mlp&&) noexcept;
  Mlp(Mlp const&) = delete;
  Mlp& operator=(Mlp const&) = delete;

  /// Collective over the group: [tokens, hidden] of x [tokens, hidden], on all ranks.
  Activations operator()(ConstActivations const& x) const;
  /// As RowParallelLinear.
  bool is_exact() const noexcept;
  /// Names of the parameters that are used.
  std::vector<std::string> parameters() const;

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace distload
