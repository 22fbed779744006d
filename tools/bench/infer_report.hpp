/// Prints what measure_inference has found.
#pragma once

#include <string>

#include "bench/infer_measure.hpp"

namespace distload {

std::string table_of(InferFigures const& figures);
std::string json_of(InferFigures const& figures);

}  // namespace distload
