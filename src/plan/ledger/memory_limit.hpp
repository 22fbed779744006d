/// check_memory_limit: checks that no rank needs more memory for a plan than its limit.
#pragma once

#include <distload/plan/load_plan.hpp>

#include "plan/plan_request.hpp"

namespace distload {

/// Precondition: the loads of all ranks and the slots of `plan` are set.
/// @throws OutOfBudget  a rank needs more than `memory_limit`: names tensor, bytes, shortfall and the setting that
///                      would suffice. The same on every rank.
void check_memory_limit(LoadPlan const& plan, PlanRequest const& request);

}  // namespace distload
