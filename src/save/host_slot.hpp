/// HostSlot: host memory for packed shards; pinned if shards are on a device.
#pragma once

#include <cstddef>
#include <span>

#include <distload/base/bytes.hpp>

#include "base/host_memory.hpp"
#include "device/device.hpp"
#include "device/pinned_ring.hpp"

namespace distload {

/// Begins at a huge page. Move-only.
class HostSlot {
 public:
  /// @param size  of the pages
  /// @throws OutOfBudget  not enough memory.
  HostSlot(Bytes nbytes, PageSize size) : nbytes_(nbytes), memory_(device_of_process(), 1, nbytes, size) {}

  std::byte* data() const noexcept { return memory_.slot(0); }

  /// The memory that gets its pages at the first access; empty if it is pinned.
  std::span<std::byte> without_pages() const noexcept { return {data(), device_of_process().is_host() ? nbytes_ : 0}; }

 private:
  Bytes nbytes_;
  PinnedRing memory_;
};

}  // namespace distload
