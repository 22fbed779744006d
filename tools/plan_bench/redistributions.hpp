/// bench_redistributions: how long plans of redistributions of very large models take.
#pragma once

#include <cstdint>
#include <string>

namespace distload::plan_bench {

/// A table with a row for each change of topology: seconds that one rank needs to apply the rules for both topologies
/// and to plan, the minimum of `rounds`.
std::string bench_redistributions(std::uint32_t rounds);

}  // namespace distload::plan_bench
