/// Figures of the tables, as text.
#pragma once

#include <string>

#include <distload/base/topology.hpp>

namespace distload::plan_bench {

/// With `digits` digits after the point.
std::string number(double value, int digits);

/// "8 x 16 x 8, experts 64": tensor, pipeline and data parallel.
std::string text_of(Topology const& topology);

}  // namespace distload::plan_bench
