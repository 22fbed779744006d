// The public entry to the planner.
#include <distload/plan/make_plan.hpp>

#include "plan/planner.hpp"

namespace distload {

LoadPlan make_plan(Catalog const& catalog, ModelLayout const& layout, Topology const& topology, std::uint32_t rank,
                   PlanOptions const& options) {
  return Planner(catalog, layout, topology, rank, options).run();
}

}  // namespace distload
