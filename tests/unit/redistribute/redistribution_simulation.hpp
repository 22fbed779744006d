/// Runs the plans of all ranks in one process, on shards filled element by element.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "redistribute/plan/make_redistribute_plan.hpp"

namespace distload::testing {

/// A redistribution of all ranks.
struct Scenario {
  Side source;
  Side target;
  std::vector<std::uint32_t> source_ranks;
  std::vector<std::uint32_t> target_ranks;
  std::vector<std::uint32_t> node_of;
  RedistributePlanOptions options;

  std::uint32_t ranks() const;
};

/// What happened.
struct Outcome {
  std::vector<RedistributePlan> plans;  ///< by rank
  std::vector<std::string> faults;      ///< what was wrong
  Bytes needed_bytes = 0;               ///< counted element by element
};

/// Plans for every rank, executes the plans, and compares every byte of every shard with the layout of the target.
Outcome simulate(Scenario const& scenario);

}  // namespace distload::testing
