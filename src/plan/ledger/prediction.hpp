/// predict: the seconds that a plan will take, from its bytes and the cost model.
#pragma once

#include <distload/plan/load_plan.hpp>

#include "plan/make_plan.hpp"

namespace distload {

/// `plan` has its slots, its loads of all ranks and their sums.
Prediction predict(LoadPlan const& plan, std::uint32_t waves, PlanOptions const& options);

}  // namespace distload
