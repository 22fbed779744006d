/// Strided box copies as Kokkos kernels: one implementation for host and device; one launch for a whole list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <Kokkos_Core.hpp>

#include "tensor/cast.hpp"
#include "tensor/strided_copy.hpp"

namespace distload {

/// A strided copy with its buffers, which the execution space can access.
struct BoundCopy {
  StridedCopy copy;
  std::byte const* source = nullptr;
  std::byte* destination = nullptr;
};

/// A strided copy with conversion of element types; in a transpose both types may be equal.
struct BoundCast {
  BoundCopy bound;
  Cast cast;
};

/// Counts, in kernels, finite numbers that became infinite because they exceed the range of the new type.
using OverflowCount = Kokkos::View<std::uint64_t, Kokkos::DefaultExecutionSpace::memory_space>;

/// Enqueues all copies on `space`; the caller fences before reading the destinations. Destinations are disjoint, and no
/// source is a destination.
/// @param label  name of the kernel in profiles
void enqueue_copies(Kokkos::DefaultExecutionSpace const& space, std::span<BoundCopy const> copies, char const* label);

/// The same for copies with casts, each accepted by `can_cast`. Buffers are aligned to their elements.
/// @param overflows  is increased; valid after a fence
void enqueue_casts(Kokkos::DefaultExecutionSpace const& space, std::span<BoundCast const> casts,
                   OverflowCount const& overflows, char const* label);

/// Performs one such copy in host memory on the calling thread.
/// @returns how many finite numbers became infinite.
std::uint64_t cast_on_host(BoundCast const& cast) noexcept;

/// The same for transposes (`is_transpose`). Elements keep their type if `cast` names the same type twice.
void enqueue_transposes(Kokkos::DefaultExecutionSpace const& space, std::span<BoundCast const> transposes,
                        OverflowCount const& overflows, char const* label);

}  // namespace distload
