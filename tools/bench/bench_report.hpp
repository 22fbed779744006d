/// report: measurements for people and for programs.
#pragma once

#include <span>
#include <string>

#include "bench/measure.hpp"

namespace distload {

/// A table with the speed of every contender, and its share of the bare operation that it is held against.
std::string table_of(Measurement const& measured);

/// All measurements with all samples, as JSON.
std::string json_of(std::span<Measurement const> measurements);

}  // namespace distload
