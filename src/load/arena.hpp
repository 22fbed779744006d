/// Arena: one allocation that holds all shards of a rank.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/load/sharded_model.hpp>
#include <distload/parallel/communicator.hpp>

#include "base/host_memory.hpp"
#include "device/device.hpp"
#include "io/files/file_mapping.hpp"
#include "plan/rank_work.hpp"

namespace distload {

/// True if code on the host can access shards.
inline constexpr bool kArenaOnHost = Kokkos::SpaceAccessibility<Kokkos::HostSpace, ShardSpace>::accessible;

/// `nbytes` zero bytes in `ShardSpace`: on the host pages that are populated at the first access, otherwise memory of
/// the device. Move-only.
class Arena {
 public:
  /// @param size  of pages on the host
  /// @throws OutOfBudget  not enough memory.
  Arena(Device& device, Bytes nbytes, PageSize size = PageSize::small);

  /// The same, but pages can be dropped on a device as well, where they are there only after `populate`. Other ranks
  /// cannot access them there.
  /// @throws OutOfBudget, CommunicationError  as `Device::reserve`.
  static Arena with_releasable_pages(Device& device, Bytes nbytes, PageSize size = PageSize::small);

  /// Memory of others, which outlives the arena. No file can be mapped to it, and its pages are not dropped.
  static Arena over(std::span<std::byte> memory);

  Bytes nbytes() const noexcept { return nbytes_; }
  /// True if `drop_pages` gives memory back.
  bool can_drop_pages() const noexcept { return host_.data() != nullptr || nbytes_ == 0 || device_.page_bytes() > 0; }
  /// True if the memory is on a device and other ranks can be given access to it.
  bool can_be_opened() const noexcept {
    return other_ == nullptr && host_.data() == nullptr && device_.page_bytes() == 0;
  }
  /// For kernels of other ranks on this node. Precondition: can_be_opened().
  MemoryHandle handle() const { return device_.handle(); }
  std::byte* data() const noexcept;
  ShardBytes bytes(Bytes offset, Bytes count) const { return {data() + offset, count}; }

  /// The ranges that need pages before they can hold shards, if `views` are mapped; ascending. Empty on a device.
  std::vector<std::span<std::byte>> ranges_without(std::span<PlannedView const> views) const;

  /// Maps `views` of files into the arena and unmaps all others. Host only.
  /// @throws OutOfBudget, IoError  as `HostMemory`.
  void map_files(std::span<PlannedView const> views, FileMapping const* files);

  /// The size of pages that can be dropped.
  Bytes page_bytes() const noexcept;
  /// Gives memory to the pages of a range that have none. Does nothing on the host, where the first access does it.
  /// @throws OutOfBudget  the device has not so much.
  void populate(Bytes offset, Bytes nbytes) { device_.populate(offset, nbytes); }
  /// Gives whole pages back to the system. They are zero afterwards, on a device once they are populated again. Does
  /// nothing where pages cannot be dropped.
  void drop_pages(Bytes offset, Bytes nbytes) noexcept;

  /// True if a file is mapped at `offset`.
  bool maps_file_at(Bytes offset) const noexcept { return host_.maps_file_at(offset); }

 private:
  explicit Arena(Bytes nbytes) : nbytes_(nbytes) {}

  Bytes nbytes_;
  HostMemory host_;             // the memory, if there is no device
  DeviceMemory device_;         // the memory otherwise
  std::byte* other_ = nullptr;  // of others
};

/// What an arena takes of the offsets that count through several.
inline Bytes arena_span(Arena const& arena) noexcept { return round_up(arena.nbytes(), kShardAlignment); }

/// A position in one of several arenas.
struct ArenaPlace {
  std::size_t arena = 0;
  Bytes offset_bytes = 0;
};

/// The position of an offset that counts through `arenas`. Precondition: it lies in one of them, or they have no bytes.
inline ArenaPlace place_in(std::span<std::shared_ptr<Arena> const> arenas, Bytes offset_bytes) noexcept {
  ArenaPlace place{.arena = 0, .offset_bytes = offset_bytes};
  while (place.arena + 1 < arenas.size() && place.offset_bytes >= arena_span(*arenas[place.arena])) {
    place.offset_bytes -= arena_span(*arenas[place.arena]);
    ++place.arena;
  }
  return place;
}

/// Memory for shards that is available to each of `sharers` processes of this node: `available_host_bytes`, or what the
/// device has available; `device_sharers` processes use it. Nothing if the system does not report it.
std::optional<Bytes> available_arena_bytes(Device const& device, std::uint32_t sharers, std::uint32_t device_sharers);

/// Collective: the minimum of all ranks' limits, so that all plan with the same one; nothing if no rank has one.
std::optional<Bytes> least_limit(std::optional<Bytes> own, Communicator& ranks);

}  // namespace distload
