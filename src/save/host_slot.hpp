/// HostSlot: host memory for packed shards; pinned if shards are on a device.
#pragma once

#include <cstddef>
#include <span>

#include <Kokkos_Core.hpp>

#include <distload/base/bytes.hpp>

#include "base/host_memory.hpp"

namespace distload {

/// To be moved only: copies of a pinned slot refer to the same memory.
class HostSlot {
 public:
  /// @param size  of the pages, unless they are pinned
  /// @throws OutOfBudget  not enough memory.
  HostSlot(Bytes nbytes, PageSize size) : nbytes_(nbytes), memory_(allocate(nbytes, size)) {}

  std::byte* data() const noexcept { return memory_.data(); }

  /// The memory that gets its pages at the first access; empty if it is pinned.
  std::span<std::byte> without_pages() const noexcept { return {data(), kIsPinned ? 0 : nbytes_}; }

 private:
#if defined(KOKKOS_ENABLE_CUDA)
  static constexpr bool kIsPinned = true;
  using Memory = Kokkos::View<std::byte*, Kokkos::CudaHostPinnedSpace>;

  static Memory allocate(Bytes nbytes, PageSize /*size*/) {
    return Memory(Kokkos::view_alloc(Kokkos::WithoutInitializing, "distload::save_packed"), nbytes);
  }
#else
  static constexpr bool kIsPinned = false;
  using Memory = HostMemory;

  static Memory allocate(Bytes nbytes, PageSize size) { return {nbytes, size}; }
#endif

  Bytes nbytes_;
  Memory memory_;
};

}  // namespace distload
