/// Arena: the one allocation that holds all shards of a rank.
#pragma once

#include <cstddef>

#include <distload/base/bytes.hpp>
#include <distload/load/sharded_model.hpp>

#include "load/huge_pages.hpp"

namespace distload {

/// True if engines can read straight into the arena.
inline constexpr bool kArenaOnHost = Kokkos::SpaceAccessibility<Kokkos::HostSpace, ShardSpace>::accessible;

/// `nbytes` of zeros in `ShardSpace`: huge pages on the host, one Kokkos allocation on a device. Move-only.
class Arena {
 public:
  /// @throws OutOfBudget  the memory is not there.
  explicit Arena(Bytes nbytes);

  Bytes nbytes() const noexcept { return nbytes_; }
  std::byte* data() const noexcept;
  ShardBytes bytes(Bytes offset, Bytes count) const { return {data() + offset, count}; }

 private:
  Bytes nbytes_;
  HugePages host_;                               // the memory, where ShardSpace is host memory
  Kokkos::View<std::byte*, ShardSpace> device_;  // the memory, where it is not
};

}  // namespace distload
