/// StagingSlot: the memory of one wave for data that is read, packed or received.
#pragma once

#include <cstddef>

#include <Kokkos_Core.hpp>

#include <distload/load/sharded_model.hpp>

#include "base/host_memory.hpp"

namespace distload {

/// Engines read into `host()`; kernels and messages use `shard_side()`. On the host both are the same memory; for a
/// device, the host side is pinned and `upload` copies it to the device side.
class StagingSlot {
 public:
  /// @param size  of the pages of the host side, unless it is pinned
  /// @throws OutOfBudget  not enough memory.
  StagingSlot(Bytes nbytes, PageSize size);

  Bytes nbytes() const noexcept { return nbytes_; }

  std::byte* host() const noexcept;
  std::byte* shard_side() const noexcept;

  /// Enqueues the transfer of the first `nbytes` on `space`; does nothing on the host.
  void upload(Kokkos::DefaultExecutionSpace const& space, Bytes nbytes) const;

 private:
  Bytes nbytes_;
#if defined(KOKKOS_ENABLE_CUDA)
  Kokkos::View<std::byte*, Kokkos::CudaHostPinnedSpace> host_;
  Kokkos::View<std::byte*, ShardSpace> device_;
#else
  HostMemory host_;
#endif
};

}  // namespace distload
