/// WaveScheduler: assigns work to the earliest wave in which the slots of all participating ranks have enough space.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <distload/base/bytes.hpp>

namespace distload {

/// Staging bytes that work needs on each of `ranks`.
struct StagingNeed {
  std::span<std::uint32_t const> ranks;
  Bytes nbytes = 0;
};

/// Ranks may be in different waves; shared work goes to a common wave, from which its ranks continue. Every rank
/// computes the same.
class WaveScheduler {
 public:
  WaveScheduler(std::uint32_t ranks, Bytes slot_limit) : cursors_(ranks), slot_limit_(slot_limit) {}

  /// The wave of work that needs staging on these ranks (each in one need only). Precondition: each need is at most
  /// `slot_limit`.
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
