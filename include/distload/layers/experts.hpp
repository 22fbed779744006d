/// Experts: a mixture of experts with its router, cut by tensor or by expert parallelism.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <distload/layers/activation_function.hpp>
#include <distload/layers/activations.hpp>
#include <distload/layers/mlp.hpp>
#include <distload/load/sharded_model.hpp>
#include <distload/parallel/communicator.hpp>

namespace distload {

/// How tokens are assigned to experts.
struct RouterOptions {
  /// The score of an expert, of the router's outputs.
  enum class Score : std::uint8_t { softmax, sigmoid };
  /// The score of a group of experts.
  enum class GroupScore : std::uint8_t { largest, sum_of_two_largest };

  std::uint32_t experts = 0;                     ///< of the layer
  std::uint32_t per_token = 1;                   ///< experts that a token uses
  Score score = Score::softmax;                  ///< of experts
  bool normalize = false;                        ///< weights of a token's experts are divided by their sum
  float factor = 1;                              ///< of weights
  std::uint32_t groups = 1;                      ///< of consecutive experts
  std::uint32_t groups_per_token = 1;            ///< groups that a token's experts are from
  GroupScore group_score = GroupScore::largest;  ///< of groups
};

/// Names of the parameters of a mixture of experts.
struct ExpertsNames {
  std::string router;       ///< layer with one output for each expert
  std::string router_bias;  ///< parameter, added to scores when experts are chosen; may be empty
  MlpNames expert;          ///< with "{}" for the number of the expert, if each has parameters of its own
  MlpNames shared;          ///< of the experts that all tokens use; `down` is empty if there are none
  std::string shared_gate;  ///< layer with one output, whose sigmoid weights the shared experts; may be empty
};

/// The weighted sum of the experts that the router chooses for each token, and of the shared experts. With tensor
/// parallelism every rank has a part of every expert, with expert parallelism some whole experts. Refers to the model's
/// memory, as ColumnParallelLinear.
class Experts {
 public:
  /// Local. `tensor_group` as of ColumnParallelLinear. `stage`: all ranks of the pipeline stage, tensor-parallel ranks
  /// fastest, then replicas; used with expert parallelism, where all ranks of a stage compute the same tokens. Both
  /// outlive the layer.
  /// @throws ConfigError  as Mlp.
  Experts(ShardedModel const& model, ExpertsNames const& names, RouterOptions const& router,
          ActivationFunction function, Communicator& tensor_group, Communicator& stage);
  ~Experts();
  /// The source cannot be used any more.
  Experts(Experts&&) noexcept;
  Experts(Experts const&) = delete;
  Experts& operator=(Experts const&) = delete;

  /// Collective over the tensor group, or over the stage with expert parallelism: [tokens, hidden] of x, on all ranks.
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
