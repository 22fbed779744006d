// Binds weight and bias of a norm.
#include <distload/layers/norm.hpp>

#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "layers/bound_shard.hpp"
#include "layers/kernels/norm_kernel.hpp"
#include "layers/linear_matrix.hpp"

namespace distload {
namespace {

Numbers bound_vector(ShardedModel const& model, std::string const& name) {
  BoundShard const shard(model, name);
  if (!shard.is_vector() || shard.shard().partition.kind != PartitionKind::replicated) {
    throw ConfigError("'" + printable(name) + "' is no vector that every rank holds, as a norm needs");
  }
  return shard.vector();
}

}  // namespace

struct Norm::Body {
  NormOptions options;
  std::string name;
  Numbers weight;
  Numbers bias;
  std::vector<std::string> parameters;
};

Norm::Norm(ShardedModel const& model, std::string const& name, NormOptions const& options)
    : body_(new Body{options, name, {}, {}, {}}) {
  // Old checkpoints call weight and bias gamma and beta.
  auto const has_gamma = model.find(name + ".gamma") != nullptr;
  body_->parameters.push_back(name + (has_gamma ? ".gamma" : ".weight"));
  body_->weight = bound_vector(model, body_->parameters.back());
  auto const bias = name + (has_gamma ? ".beta" : ".bias");
  if (model.find(bias) != nullptr) {
    body_->bias = bound_vector(model, bias);
    body_->parameters.push_back(bias);
  }
  if (!body_->bias.empty() && body_->bias.size != body_->weight.size) {
    throw ConfigError("'" + printable(bias) + "' has another size than the weight of the same norm");
  }
}
Norm::~Norm() = default;
Norm::Norm(Norm&&) noexcept = default;

std::uint64_t Norm::width() const noexcept { return body_->weight.size; }
std::vector<std::string> const& Norm::parameters() const noexcept { return body_->parameters; }

Activations Norm::operator()(ConstActivations const& x) const {
  check_width(x, width(), body_->name);
  auto const result = new_activations(x.extent(0), x.extent(1), "distload::norm");
  normalize(body_->options, body_->weight, body_->bias, x, result);
  return result;
}

void Norm::apply_to(Activations const& x) const {
  check_width(x, width(), body_->name);
  normalize(body_->options, body_->weight, body_->bias, x, x);
}

}  // namespace distload
