/// describe_amplification: how often a plan reads each byte, in words.
#pragma once

#include <string>

#include <distload/plan/load_plan.hpp>

namespace distload {

/// "1.00"; if the nodes map the files and several of them read the same bytes, also that each does so once.
std::string describe_amplification(LoadPlan const& plan);

}  // namespace distload
