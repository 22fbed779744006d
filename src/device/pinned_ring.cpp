// Pins huge pages.
#include "device/pinned_ring.hpp"

#include <utility>

namespace distload {

PinnedRing::PinnedRing(Device& device, std::uint32_t slots, Bytes slot_bytes, PageSize size)
    : device_(&device),
      memory_(slots * round_up(slot_bytes, kHugePageBytes), size),
      slots_(slots),
      slot_bytes_(slot_bytes),
      stride_(round_up(slot_bytes, kHugePageBytes)) {
  if (bytes().empty()) return;
  if (!device.is_host()) populate_pages(bytes());
  device.pin(bytes());
}

PinnedRing::~PinnedRing() {
  if (device_ != nullptr && !bytes().empty()) device_->unpin(bytes());
}

PinnedRing& PinnedRing::operator=(PinnedRing&& other) noexcept {
  std::swap(device_, other.device_);
  std::swap(memory_, other.memory_);
  std::swap(slots_, other.slots_);
  std::swap(slot_bytes_, other.slot_bytes_);
  std::swap(stride_, other.stride_);
  return *this;
}

}  // namespace distload
