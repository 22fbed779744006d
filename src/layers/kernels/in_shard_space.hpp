/// in_shard_space: a copy of a vector in the memory where kernels can read it.
#pragma once

#include <string>
#include <vector>

#include <Kokkos_Core.hpp>

#include <distload/load/sharded_model.hpp>

namespace distload {

/// Is complete when it returns.
template <class T>
Kokkos::View<T*, ShardSpace> in_shard_space(std::vector<T> const& values, std::string const& label) {
  Kokkos::View<T*, ShardSpace> const view(Kokkos::view_alloc(Kokkos::WithoutInitializing, label), values.size());
  Kokkos::deep_copy(view, Kokkos::View<T const*, Kokkos::HostSpace>(values.data(), values.size()));
  return view;
}

}  // namespace distload
