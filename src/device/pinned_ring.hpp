/// PinnedRing: host memory from which a device copies without help of the processor.
#pragma once

#include <cstdint>
#include <span>

#include "base/host_memory.hpp"
#include "device/device.hpp"

namespace distload {

/// Slots of one allocation of huge pages, pinned once. Every slot begins at a huge page, so that direct reads of any
/// alignment go to it. Move-only.
class PinnedRing {
 public:
  PinnedRing() = default;
  /// `device` outlives the ring.
  /// @throws OutOfBudget  not enough memory, or the system does not let it be pinned.
  PinnedRing(Device& device, std::uint32_t slots, Bytes slot_bytes, PageSize size);
  ~PinnedRing();
  PinnedRing(PinnedRing&& other) noexcept { *this = std::move(other); }
  PinnedRing& operator=(PinnedRing&& other) noexcept;
  PinnedRing(PinnedRing const&) = delete;
  PinnedRing& operator=(PinnedRing const&) = delete;

  std::byte* slot(std::uint32_t index) const noexcept { return memory_.data() + index * stride_; }
  Bytes slot_bytes() const noexcept { return slot_bytes_; }
  std::uint32_t slots() const noexcept { return slots_; }
  /// All slots.
  std::span<std::byte> bytes() const noexcept { return {memory_.data(), slots_ * stride_}; }

 private:
  Device* device_ = nullptr;
  HostMemory memory_;
  std::uint32_t slots_ = 0;
  Bytes slot_bytes_ = 0;
  Bytes stride_ = 0;
};

}  // namespace distload
