/// Formats measurements as tables and as JSON.
#pragma once

#include <span>
#include <string>

#include "bench/measure.hpp"

namespace distload {

/// A table with the speed of every contender, and its ratio to the speed of its raw operation.
std::string table_of(Measurement const& measured);

/// All measurements with all samples, as JSON.
std::string json_of(std::span<Measurement const> measurements);

}  // namespace distload
