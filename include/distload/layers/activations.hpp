/// Activations: the numbers that flow through a model, float32 matrices in the memory where its shards are.
#pragma once

#include <Kokkos_Core.hpp>

#include <distload/load/sharded_model.hpp>

namespace distload {

/// [tokens, width], row-major, in `ShardSpace`. A copy refers to the same numbers.
using Activations = Kokkos::View<float**, Kokkos::LayoutRight, ShardSpace>;
/// Activations that are only read.
using ConstActivations = Kokkos::View<float const**, Kokkos::LayoutRight, ShardSpace>;

}  // namespace distload
