/// multiply on the host with a given set of instructions.
#pragma once

#include "layers/kernels/instructions.hpp"
#include "layers/kernels/matmul.hpp"

namespace distload::matmul {

/// As `multiply`. Precondition: `instructions` is one of `available_instructions()`.
void multiply_with(Instructions instructions, ConstActivations const& x, WeightMatrix const& weight,
                   RowTable const& rows, LocalSegments const& segments,
                   Kokkos::View<float***, Kokkos::LayoutRight, ShardSpace> const& sums);

}  // namespace distload::matmul
