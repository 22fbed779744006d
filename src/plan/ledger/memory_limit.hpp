/// check_memory_limit: that no rank needs more memory for a plan than it may use.
#pragma once

#include <distload/plan/load_plan.hpp>

#include "plan/plan_request.hpp"

namespace distload {

/// `plan` has its loads of all ranks and its slots.
/// @throws OutOfBudget  some rank needs more than `memory_limit`: names tensor, bytes, shortfall and the setting that
///                      would fit. The same on every rank.
void check_memory_limit(LoadPlan const& plan, PlanRequest const& request);

}  // namespace distload
