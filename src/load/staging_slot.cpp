// Host memory; for a device, pinned host memory and a device buffer.
#include "load/staging_slot.hpp"

#include <stdexcept>

#include <distload/base/error.hpp>

namespace distload {

#if defined(KOKKOS_ENABLE_CUDA)

StagingSlot::StagingSlot(Bytes nbytes, PageSize /*size*/) : nbytes_(nbytes) {
  try {
    host_ = decltype(host_)(Kokkos::view_alloc(Kokkos::WithoutInitializing, "distload::staging (pinned)"), nbytes);
    device_ = decltype(device_)(Kokkos::view_alloc(Kokkos::WithoutInitializing, "distload::staging"), nbytes);
  } catch (std::runtime_error const& error) {
    throw OutOfBudget("no " + format_bytes(nbytes) + " of staging memory: " + error.what());
  }
}

std::byte* StagingSlot::host() const noexcept { return host_.data(); }

std::byte* StagingSlot::shard_side() const noexcept { return device_.data(); }

void StagingSlot::upload(Kokkos::DefaultExecutionSpace const& space, Bytes nbytes) const {
  auto const range = std::pair<Bytes, Bytes>(0, nbytes);
  Kokkos::deep_copy(space, Kokkos::subview(device_, range), Kokkos::subview(host_, range));
}

#else

StagingSlot::StagingSlot(Bytes nbytes, PageSize size) : nbytes_(nbytes), host_(nbytes, size) {}

std::byte* StagingSlot::host() const noexcept { return host_.data(); }

std::byte* StagingSlot::shard_side() const noexcept { return host_.data(); }

void StagingSlot::upload(Kokkos::DefaultExecutionSpace const&, Bytes) const {}

#endif

}  // namespace distload
