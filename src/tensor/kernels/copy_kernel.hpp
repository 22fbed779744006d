/// Strided box copies as Kokkos kernels: one implementation for host and device; one launch for a whole list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <Kokkos_Core.hpp>

#include "tensor/kernels/copy_list.hpp"

namespace distload {

/// Counts, in kernels, finite numbers that became infinite because they exceed the range of the new type.
using OverflowCount = Kokkos::View<std::uint64_t, Kokkos::DefaultExecutionSpace::memory_space>;

/// Enqueues the copies of a step on `space`; nothing is allocated or waited for. The lists live until the kernels end.
/// Destinations are disjoint, and no source is a destination; buffers of casts and transposes are aligned to their
/// elements.
/// @param overflows  is increased; valid after a fence
/// @param label      name of the kernel of plain copies in profiles
void enqueue_step(Kokkos::DefaultExecutionSpace const& space, StepCopies const& step, OverflowCount const& overflows,
                  char const* label);

/// Makes the copies of a step, for calls outside of a pipeline: brings their lists to where kernels can read them, and
/// returns when the copies are complete.
void run_step(Kokkos::DefaultExecutionSpace const& space, StepBuilder const& step, OverflowCount const& overflows,
              char const* label);

/// Enqueues the copies on `space`, from a list of its own; the caller fences before reading the destinations.
void enqueue_copies(Kokkos::DefaultExecutionSpace const& space, std::span<BoundCopy const> copies, char const* label);

/// The same for copies with casts, each accepted by `can_cast`.
void enqueue_casts(Kokkos::DefaultExecutionSpace const& space, std::span<BoundCast const> casts,
                   OverflowCount const& overflows, char const* label);

/// Performs one such copy in host memory on the calling thread.
/// @returns how many finite numbers became infinite.
std::uint64_t cast_on_host(BoundCast const& cast) noexcept;

/// The same for transposes (`is_transpose`). Elements keep their type if `cast` names the same type twice.
void enqueue_transposes(Kokkos::DefaultExecutionSpace const& space, std::span<BoundCast const> transposes,
                        OverflowCount const& overflows, char const* label);

}  // namespace distload
