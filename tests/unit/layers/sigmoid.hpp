/// sigmoid: the expected value of the activation function and of the scores of experts.
#pragma once

#include <cmath>

namespace distload::testing {

inline double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace distload::testing
