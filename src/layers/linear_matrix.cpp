// Binds a weight and its bias, and multiplies by them.
#include "layers/linear_matrix.hpp"

#include <algorithm>

#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "layers/kernels/elementwise.hpp"

namespace distload {
namespace {

std::vector<Range> all_outputs(BoundShard const& shard) {
  std::vector<Range> ranges;
  for (auto const& held : shard.held_outputs()) ranges.push_back(held.global);
  return ranges;
}

Numbers bound_bias(ShardedModel const& model, LinearPart const& part, std::vector<Range> const& outputs,
                   BoundShard const& weight) {
  BoundShard const bias(model, part.bias,
                        part.matrix && shard_of(model, part.bias).shape.size() == 3 ? part.matrix : std::nullopt);
  if (!bias.is_vector() || bias.global_outputs() != weight.global_outputs()) {
    throw ConfigError("'" + printable(part.bias) + "' has shape " + to_string(bias.shard().global_shape) +
                      ", but is added to " + std::to_string(weight.global_outputs()) + " outputs of '" +
                      printable(weight.name()) + "'");
  }
  auto numbers = bias.vector();
  numbers.rows = bias.rows_of(outputs);
  numbers.size = weight.global_outputs();
  return numbers;
}

}  // namespace

LinearMatrix::LinearMatrix(ShardedModel const& model, LinearPart const& part)
    : shard_(model, part.weight, part.matrix) {
  if (shard_.is_vector()) throw ConfigError("'" + printable(part.weight) + "' is a vector, expected a matrix");
  weight_ = shard_.matrix(model, part.unfused);
  ranges_ = part.outputs ? *part.outputs : all_outputs(shard_);
  rows_ = shard_.rows_of(ranges_);
  for (auto const& range : ranges_) outputs_ += range.size();
  for (auto const& held : shard_.held_inputs()) inputs_ += held.global.size();
  global_outputs_ = shard_.global_outputs();
  global_inputs_ = shard_.global_inputs();
  if (inputs_ != global_inputs_ && !part.may_lack_inputs) {
    throw ConfigError("'" + printable(shard_.name()) + "' is cut along its inputs, but its layer needs all of them");
  }
  parameters_.push_back(shard_.name());
  if (part.bias.empty()) return;
  bias_ = bound_bias(model, part, ranges_, shard_);
  parameters_.push_back(part.bias);
}

Sums LinearMatrix::sums(ConstActivations const& x, LocalSegments const& segments) const {
  check_width(x, inputs_, shard_.name());
  Sums const result(Kokkos::view_alloc(Kokkos::WithoutInitializing, "distload::sums"), segments.nodes.size(),
                    x.extent(0), outputs_);
  multiply(x, weight_, rows_, segments, result);
  return result;
}

Activations LinearMatrix::product(ConstActivations const& x) const {
  check_width(x, inputs_, shard_.name());
  auto const result = new_activations(x.extent(0), outputs_, "distload::product");
  Sums const one_node(result.data(), 1, x.extent(0), outputs_);
  multiply(x, weight_, rows_, {{0, inputs_}, {{0, 1}}}, one_node);
  if (!bias_.empty()) add_to_each_token(result, bias_);
  return result;
}

void add_new_names(std::vector<std::string> const& more, std::vector<std::string>& names) {
  for (auto const& name : more) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
}

void check_width(ConstActivations const& x, std::uint64_t inputs, std::string const& name) {
  if (x.extent(1) == inputs) return;
  throw ConfigError("the layer of '" + printable(name) + "' takes " + std::to_string(inputs) +
                    " inputs per token, but is given " + std::to_string(x.extent(1)));
}

Activations new_activations(std::uint64_t tokens, std::uint64_t width, char const* label) {
  return Activations(Kokkos::view_alloc(Kokkos::WithoutInitializing, std::string(label)), tokens, width);
}

}  // namespace distload
