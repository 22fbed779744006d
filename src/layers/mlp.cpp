// An MLP on MlpMatrices.
#include <distload/layers/mlp.hpp>

#include "layers/mlp_matrices.hpp"

namespace distload {

struct Mlp::Body {
  MlpMatrices matrices;
};

Mlp::Mlp(ShardedModel const& model, MlpNames const& names, ActivationFunction function, Communicator& group)
    : body_(new Body{MlpMatrices(model, names, function, group)}) {}
Mlp::~Mlp() = default;
Mlp::Mlp(Mlp&&) noexcept = default;

Activations Mlp::operator()(ConstActivations const& x) const {
  return body_->matrices.down().product(body_->matrices.inner(x));
}

bool Mlp::is_exact() const noexcept { return body_->matrices.down().is_exact(); }
std::vector<std::string> Mlp::parameters() const { return body_->matrices.parameters(); }

}  // namespace distload
