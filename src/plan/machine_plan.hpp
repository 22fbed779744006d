/// Plans of loads onto the devices of a machine that is only described. Pure.
#pragma once

#include <string>

#include <distload/config/config.hpp>
#include <distload/plan/load_plan.hpp>

#include "config/machine.hpp"
#include "plan/plan_options.hpp"

namespace distload {

/// Options of a plan whose arenas are on the machine's devices, or in the memory of its hosts, and whose files are not
/// in the page cache. There is no memory limit, so that every plan can be described.
PlanOptions plan_options_on(Machine const& machine, LoadOptions const& load);

/// The most memory that a rank needs, shards and staging, and what there is for it.
struct DeviceMemoryUse {
  Bytes needed_bytes = 0;
  Bytes usable_bytes = 0;
  bool fits() const noexcept { return needed_bytes <= usable_bytes; }
};
DeviceMemoryUse memory_use_on(Machine const& machine, LoadPlan const& plan);

/// "8xh100: 1 node with 8 devices of 74.51 GiB each".
std::string describe(Machine const& machine);

}  // namespace distload
