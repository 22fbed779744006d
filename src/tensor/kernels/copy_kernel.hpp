/// Strided box copies as Kokkos kernels: one source for host threads and device, one launch for a whole list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <Kokkos_Core.hpp>

#include "tensor/cast.hpp"
#include "tensor/strided_copy.hpp"

namespace distload {

/// A strided copy with the buffers it runs between. Both lie in memory that the execution space can reach.
struct BoundCopy {
  StridedCopy copy;
  std::byte const* source = nullptr;
  std::byte* destination = nullptr;
};

/// A strided copy whose elements change their type, or, as a transpose, may keep it.
struct BoundCast {
  BoundCopy bound;
  Cast cast;
};

/// Where kernels count numbers that were finite and have become infinite, because the new type does not reach so far.
using OverflowCount = Kokkos::View<std::uint64_t, Kokkos::DefaultExecutionSpace::memory_space>;

/// Enqueues all copies on `space`; the caller fences before anyone looks at the destinations. Destinations are
/// disjoint, and no source is a destination.
/// @param label  names the kernel in profiles
void enqueue_copies(Kokkos::DefaultExecutionSpace const& space, std::span<BoundCopy const> copies, char const* label);

/// The same for copies with casts, each of which `can_cast`. Buffers are aligned to their elements.
/// @param overflows  is increased; read it after a fence
void enqueue_casts(Kokkos::DefaultExecutionSpace const& space, std::span<BoundCast const> casts,
                   OverflowCount const& overflows, char const* label);

/// Performs one such copy in host memory, on the calling thread.
/// @returns how many numbers were finite and have become infinite.
std::uint64_t cast_on_host(BoundCast const& cast) noexcept;

/// The same for copies that are transposes (`is_transpose`), of elements that are cast or, if `cast` says the same type
/// twice, stay what they are.
void enqueue_transposes(Kokkos::DefaultExecutionSpace const& space, std::span<BoundCast const> transposes,
                        OverflowCount const& overflows, char const* label);

}  // namespace distload
