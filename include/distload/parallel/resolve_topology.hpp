/// resolve_topology: the topology that `auto` stands for in a job of a given size.
#pragma once

#include <cstdint>
#include <optional>

#include <distload/base/topology.hpp>

namespace distload {

/// The topology of a job of `ranks` ranks. Without `tensor_parallel` it takes all ranks that pipeline and data leave;
/// without `data_parallel` there are as many replicas as ranks allow, or one if `tensor_parallel` is missing as well.
/// Pure.
/// @throws ConfigError  the numbers do not multiply to `ranks`; says which `mpirun -np` would fit. Or
/// `expert_parallel` does not divide tensor x data.
Topology resolve_topology(std::optional<std::uint32_t> tensor_parallel, std::uint32_t pipeline_parallel,
                          std::optional<std::uint32_t> data_parallel, std::uint32_t ranks,
                          std::uint32_t expert_parallel = 1);

}  // namespace distload
