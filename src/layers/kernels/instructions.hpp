/// The sets of instructions for which the host's matrix product is compiled.
#pragma once

#include <vector>

#include "layers/kernels/kernels.hpp"

namespace distload::matmul {

enum class Instructions { portable, avx2, avx512 };

/// Those that this processor has, the slowest first.
std::vector<Instructions> available_instructions();

/// Precondition: one of `available_instructions()`.
Kernels const& kernels_of(Instructions instructions);

}  // namespace distload::matmul
