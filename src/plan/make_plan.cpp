// Creates the request and runs the planner.
#include "plan/make_plan.hpp"

#include "plan/load_planner.hpp"

namespace distload {

LoadPlan make_plan(Catalog const& catalog, ModelLayout const& layout, Topology const& topology, std::uint32_t rank,
                   PlanOptions const& options) {
  PlanRequest const request(catalog, layout, topology, rank, options);
  return LoadPlanner(request).run();
}

}  // namespace distload
