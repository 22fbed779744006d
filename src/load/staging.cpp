// A pinned ring, and memory of the device.
#include "load/staging.hpp"

namespace distload {

Staging::Staging(Device& device, Size const& size, PageSize pages)
    : size_(size),
      ring_(device, size.slots, device.is_host() ? size.slot_bytes : size.read_bytes, pages),
      device_(device.is_host() ? DeviceMemory() : device.allocate(size.slots * size.slot_bytes)) {}

bool Staging::suffices_for(Size const& size) const noexcept {
  return size_.slots == size.slots && size_.slot_bytes >= size.slot_bytes && size_.read_bytes >= size.read_bytes;
}

std::byte* Staging::shard_side(std::uint32_t slot) const noexcept {
  return device_.data() == nullptr ? host(slot) : device_.data() + slot * size_.slot_bytes;
}

}  // namespace distload
