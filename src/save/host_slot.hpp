/// HostSlot: host memory for packed shards: huge pages, or pinned memory if shards are on a device.
#pragma once

#include <cstddef>

#include <Kokkos_Core.hpp>

#include <distload/base/bytes.hpp>

#include "base/huge_pages.hpp"

namespace distload {

/// To be moved only: copies of a pinned slot refer to the same memory.
class HostSlot {
 public:
  /// @throws OutOfBudget  not enough memory.
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
