/// Plans of loads onto the devices of a machine that is only described. Pure.
#pragma once

#include <string>

#include <distload/config/config.hpp>
#include <distload/plan/load_plan.hpp>

#include "config/machine.hpp"
#include "plan/plan_options.hpp"

namespace distload {

/// Options of a plan whose arenas are on the machine's devices and whose files are not in the page cache. There is no
/// memory limit, so that every plan can be described.
PlanOptions plan_options_on(Machine const& machine, LoadOptions const& load);

/// The most memory that a rank needs, shards and staging, and what there is for it.
struct DeviceMemoryUse {
  Bytes needed_bytes = 0;
  Bytes usable_bytes = 0;
  bool fits() const noexcept { return needed_bytes <= usable_bytes; }
};
DeviceMemoryUse memory_use_on(Machine const& machine, LoadPlan const& plan);

/// The machine, the predicted seconds of each stage, the slowest stage, and whether the plan fits in the devices'
/// memory, as text for people.
std::string describe_on(Machine const& machine, LoadPlan const& plan);

}  // namespace distload
