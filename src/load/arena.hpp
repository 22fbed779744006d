/// Arena: the one allocation that holds all shards of a rank.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/load/sharded_model.hpp>

#include "base/huge_pages.hpp"
#include "io/files/file_mapping.hpp"
#include "plan/rank_work.hpp"

namespace distload {

/// True if engines can read straight into the arena.
inline constexpr bool kArenaOnHost = Kokkos::SpaceAccessibility<Kokkos::HostSpace, ShardSpace>::accessible;

/// `nbytes` of zeros in `ShardSpace`: huge pages on the host, one Kokkos allocation on a device. Move-only.
class Arena {
 public:
  /// @throws OutOfBudget  the memory is not there.
  explicit Arena(Bytes nbytes, HugePageKind kind = HugePageKind::transparent);

  Bytes nbytes() const noexcept { return nbytes_; }
  std::byte* data() const noexcept;
  ShardBytes bytes(Bytes offset, Bytes count) const { return {data() + offset, count}; }

  /// What has to get pages before it can hold shards; nothing on a device.
  std::vector<std::span<std::byte>> untouched() const;

  /// Maps these ranges of files to their places in the arena, instead of those that were mapped before. There are none
  /// on a device.
  /// @throws OutOfBudget, IoError  as `HugePages`.
  void map_files(std::span<PlannedView const> views, FileMapping const* files);

  /// True if a file is mapped to what begins at `offset`.
  bool maps_file_at(Bytes offset) const noexcept { return host_.maps_file_at(offset); }

 private:
  Bytes nbytes_;
  HugePages host_;                               // the memory, where ShardSpace is host memory
  Kokkos::View<std::byte*, ShardSpace> device_;  // the memory, where it is not
};

/// Bytes of the memory in which shards live that one of `sharers` processes on this node can have: as
/// `available_host_bytes`, or what the device has free. Nothing if the system does not say.
std::optional<Bytes> available_arena_bytes(std::uint32_t sharers);

}  // namespace distload
