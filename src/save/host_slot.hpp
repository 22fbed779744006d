/// HostSlot: host memory that shards are packed into: huge pages, or pinned where shards are on a device.
#pragma once

#include <cstddef>

#include <Kokkos_Core.hpp>

#include <distload/base/bytes.hpp>

#include "base/huge_pages.hpp"

namespace distload {

/// Move-only in spirit: copies of a pinned slot are the same memory.
class HostSlot {
 public:
  /// @throws OutOfBudget  the memory is not there.
  explicit HostSlot(Bytes nbytes)
#if defined(KOKKOS_ENABLE_CUDA)
      : memory_(Kokkos::view_alloc(Kokkos::WithoutInitializing, "distload::save_packed"), nbytes){}
#else
      : memory_(nbytes) {
  }
#endif

        std::byte
        *
        data() const noexcept {
    return memory_.data();
  }

 private:
#if defined(KOKKOS_ENABLE_CUDA)
  Kokkos::View<std::byte*, Kokkos::CudaHostPinnedSpace> memory_;
#else
  HugePages memory_;
#endif
};

}  // namespace distload
