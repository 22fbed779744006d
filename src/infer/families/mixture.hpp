/// The parts of descriptions that families with experts share.
#pragma once

#include <string>

#include "infer/families.hpp"

namespace distload::infer {

/// The router "gate", and the experts' gate_proj, up_proj and down_proj (or gate_up_proj) behind `at` + "experts.N.";
/// or all experts in `at` + "experts.gate_up_proj" and "experts.down_proj", if the checkpoint has these.
ExpertsNames experts_names_of(ParameterNames const& names, std::string const& at);

/// True if `at` + "experts.gate_up_proj" has all experts.
bool has_experts_together(ParameterNames const& names, std::string const& at);

}  // namespace distload::infer
