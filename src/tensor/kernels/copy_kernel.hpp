/// Strided box copies as Kokkos kernels: one source for host threads and device, one launch for a whole list.
#pragma once

#include <cstddef>
#include <span>

#include <Kokkos_Core.hpp>

#include <distload/tensor/strided_copy.hpp>

namespace distload {

/// A strided copy with the buffers it runs between. Both lie in memory that the execution space can reach.
struct BoundCopy {
  StridedCopy copy;
  std::byte const* source = nullptr;
  std::byte* destination = nullptr;
};

/// Enqueues all copies on `space`; the caller fences before anyone looks at the destinations. Destinations are
/// disjoint, and no source is a destination.
/// @param label  names the kernel in profiles
void enqueue_copies(Kokkos::DefaultExecutionSpace const& space, std::span<BoundCopy const> copies, char const* label);

}  // namespace distload
