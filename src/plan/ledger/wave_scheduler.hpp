/// WaveScheduler: gives every piece of work the earliest wave in which all ranks that take part still have room.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <distload/base/bytes.hpp>

namespace distload {

/// Staging bytes that a piece of work needs on each of some ranks.
struct StagingNeed {
  std::span<std::uint32_t const> ranks;
  Bytes nbytes = 0;
};

/// Each rank goes through the waves at its own pace; work that ranks share pulls them to the same wave. Every rank
/// computes the same.
class WaveScheduler {
 public:
  WaveScheduler(std::uint32_t ranks, Bytes slot_limit) : cursors_(ranks), slot_limit_(slot_limit) {}

  /// The wave of work that needs staging on these ranks (each named once in all needs). Precondition: each need fits a
  /// slot (`slot_limit`).
  std::uint32_t place(std::span<StagingNeed const> needs);

  /// The wave of work that needs no staging on `rank`.
  std::uint32_t current(std::uint32_t rank);

  Bytes slot_limit() const noexcept { return slot_limit_; }
  std::uint32_t waves() const noexcept { return waves_; }
  Bytes peak_bytes(std::uint32_t rank) const noexcept { return cursors_[rank].peak; }

 private:
  struct Cursor {
    std::uint32_t wave = 0;
    Bytes fill = 0;
    Bytes peak = 0;
  };

  std::vector<Cursor> cursors_;
  Bytes slot_limit_;
  std::uint32_t waves_ = 0;
};

}  // namespace distload
