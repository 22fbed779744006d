// The inputs of the last matrix decide which outputs of the first ones are bound.
#include "layers/mlp_matrices.hpp"

#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "layers/kernels/elementwise.hpp"

namespace distload {
namespace {

LinearPart part_of(ShardedModel const& model, std::string const& name, std::optional<std::uint32_t> expert) {
  auto part = linear_part(model, name);
  if (expert && shard_of(model, part.weight).shape.size() == 3) part.matrix = expert;
  return part;
}

bool has_layer(ShardedModel const& model, std::string const& name) {
  return !name.empty() && (model.find(name) != nullptr || model.find(name + ".weight") != nullptr);
}

/// @param unfused  as of LinearPart: the layer's name, if `name` is a fused one
LinearMatrix bound(ShardedModel const& model, std::string const& name, std::optional<std::uint32_t> expert,
                   Range outputs, std::string const& unfused) {
  auto part = part_of(model, name, expert);
  part.outputs = {outputs};
  part.unfused = unfused + ".weight";
  return LinearMatrix(model, part);
}

/// The part of the fused matrix that is `up`, or of `up`.
LinearMatrix bound_up(ShardedModel const& model, MlpNames const& names, std::optional<std::uint32_t> expert,
                      RowParallelMatrix const& down) {
  auto const inputs = down.inputs();
  if (!has_layer(model, names.fused_gate_up)) return bound(model, names.up, expert, inputs, names.up);
  auto const width = down.matrix().global_inputs();
  return bound(model, names.fused_gate_up, expert, {width + inputs.begin, width + inputs.end}, names.up);
}

std::optional<LinearMatrix> bound_gate(ShardedModel const& model, MlpNames const& names,
                                       std::optional<std::uint32_t> expert, Range inputs) {
  if (has_layer(model, names.fused_gate_up)) return bound(model, names.fused_gate_up, expert, inputs, names.gate);
  if (names.gate.empty()) return std::nullopt;
  return bound(model, names.gate, expert, inputs, names.gate);
}

void check_outputs(LinearMatrix const& matrix, std::uint64_t expected) {
  if (matrix.global_outputs() == expected) return;
  throw ConfigError("'" + printable(matrix.shard().name()) + "' has " + std::to_string(matrix.global_outputs()) +
                    " outputs, but the MLP needs " + std::to_string(expected));
}

}  // namespace

MlpMatrices::MlpMatrices(ShardedModel const& model, MlpNames const& names, ActivationFunction function,
                         Communicator& group, std::optional<std::uint32_t> expert)
    : function_(function),
      down_(model, part_of(model, names.down, expert), std::nullopt, group),
      up_(bound_up(model, names, expert, down_)),
      gate_(bound_gate(model, names, expert, down_.inputs())) {
  auto const width = down_.matrix().global_inputs();
  check_outputs(up_, has_layer(model, names.fused_gate_up) ? 2 * width : width);
  up_.shard().check_group(model.topology(), group);
  if (gate_) gate_->shard().check_group(model.topology(), group);
}

Activations MlpMatrices::inner(ConstActivations const& x) const {
  auto const result = up_.product(x);
  if (gate_) {
    apply_gate(function_, gate_->product(x), result);
  } else {
    apply(function_, result);
  }
  return result;
}

std::vector<std::string> MlpMatrices::parameters() const {
  auto names = gate_ ? gate_->parameters() : std::vector<std::string>();
  for (auto const* const matrix : {&up_, &down_.matrix()}) {
    add_new_names(matrix->parameters(), names);
  }
  return names;
}

}  // namespace distload
