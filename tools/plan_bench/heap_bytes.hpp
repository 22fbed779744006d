/// heap_bytes: the memory of a plan.
#pragma once

#include <distload/plan/load_plan.hpp>

namespace distload::plan_bench {

/// The sum of capacity times element size over all vectors of the plan, including nested ones.
Bytes heap_bytes(LoadPlan const& plan) noexcept;

}  // namespace distload::plan_bench
