/// predict: predicts the time of a plan from its bytes and the cost model.
#pragma once

#include <distload/plan/load_plan.hpp>

#include "plan/make_plan.hpp"

namespace distload {

/// Precondition: the slots, the loads of all ranks and the sums of `plan` are set.
Prediction predict(LoadPlan const& plan, std::uint32_t waves, PlanOptions const& options);

}  // namespace distload
