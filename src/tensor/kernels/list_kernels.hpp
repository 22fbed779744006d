/// The kernels of lists of copies. Each enqueues one launch, or none for an empty list.
#pragma once

#include "tensor/kernels/copy_kernel.hpp"

namespace distload {

void enqueue_list(Kokkos::DefaultExecutionSpace const& space, CopyList const& list, char const* label);

void enqueue_cast_list(Kokkos::DefaultExecutionSpace const& space, CopyList const& list, OverflowCount const& overflows,
                       char const* label);

void enqueue_transpose_list(Kokkos::DefaultExecutionSpace const& space, CopyList const& list,
                            OverflowCount const& overflows, char const* label);

}  // namespace distload
