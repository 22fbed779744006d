/// heap_bytes: the memory that a plan keeps.
#pragma once

#include <distload/plan/load_plan.hpp>

namespace distload::plan_bench {

/// What the plan's vectors have taken: their capacities times their elements' sizes, at all depths.
Bytes heap_bytes(LoadPlan const& plan) noexcept;

}  // namespace distload::plan_bench
