/// Staging: the slots of a load for data that is read, packed or received.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <distload/base/bytes.hpp>

#include "device/device.hpp"
#include "device/pinned_ring.hpp"

namespace distload {

/// Engines read to `host(slot)`; kernels and messages use `shard_side(slot)`. On the host both are the same memory. For
/// a device the host side is pinned, and a stream copies from it to the device. Move-only.
class Staging {
 public:
  struct Size {
    std::uint32_t slots = 0;
    Bytes slot_bytes = 0;
    Bytes read_bytes = 0;  ///< of a slot: the most that engines read to it

    friend bool operator==(Size const&, Size const&) = default;
  };

  /// `device` outlives the object.
  /// @param pages  of host memory
  /// @throws OutOfBudget  not enough memory.
  Staging(Device& device, Size const& size, PageSize pages);

  /// True if a load that needs `size` can use these slots.
  bool suffices_for(Size const& size) const noexcept;

  std::uint32_t slots() const noexcept { return size_.slots; }
  std::byte* host(std::uint32_t slot) const noexcept { return ring_.slot(slot); }
  std::byte* shard_side(std::uint32_t slot) const noexcept;
  /// Host memory of all slots.
  std::span<std::byte> host_bytes() const noexcept { return ring_.bytes(); }

 private:
  Size size_;
  PinnedRing ring_;
  DeviceMemory device_;  // empty on the host
};

}  // namespace distload
