// Names of experts' parameters.
#include "infer/families/mixture.hpp"

#include "infer/families/llama.hpp"

namespace distload::infer {

bool has_experts_together(ParameterNames const& names, std::string const& at) {
  return names.has(at + "experts.gate_up_proj");
}

ExpertsNames experts_names_of(ParameterNames const& names, std::string const& at) {
  auto const each = has_experts_together(names, at) ? "experts." : "experts.{}.";
  return {
      .router = at + "gate", .router_bias = "", .expert = gated_mlp_names(at + each), .shared = {}, .shared_gate = ""};
}

}  // namespace distload::infer
