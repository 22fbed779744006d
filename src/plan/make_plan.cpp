// The public entry to the planner.
#include <distload/plan/make_plan.hpp>

#include "plan/planner.hpp"

namespace distload {

LoadPlan make_plan(Catalog const& catalog, ModelLayout const& layout, Topology const& topology, std::uint32_t rank,
                   PlanOptions const& options) {
  auto plan = Planner(catalog, layout, topology, rank, options).run();
  plan.options = options;
  plan.options.places.clear();
  return plan;
}

}  // namespace distload
