/// text_of: a topology as the tables show it.
#pragma once

#include <string>

#include <distload/base/topology.hpp>

namespace distload::plan_bench {

/// "8 x 16 x 8, experts 64": tensor, pipeline and data parallel.
std::string text_of(Topology const& topology);

}  // namespace distload::plan_bench
