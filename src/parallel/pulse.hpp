/// Pulse: one rank's sign of life, in memory that all ranks of its node see, so that a watchdog can tell who is stuck
/// and who only waits.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace distload {

/// Written by its own rank (from any thread), read by the watchdogs of all ranks of the node. One cache line: a beat
/// must cost nothing.
class alignas(64) Pulse {
 public:
  static constexpr std::size_t kMaxPhaseBytes = 32;

  void beat() noexcept { beats_.fetch_add(1, std::memory_order_relaxed); }
  std::uint64_t beats() const noexcept { return beats_.load(std::memory_order_relaxed); }

  /// The rank is in `phase` now (a longer name is cut); empty: nothing is expected of it.
  void enter(std::string_view phase) noexcept;

  /// A name that is being changed may be seen half old and half new; a beat follows every change.
  std::string phase() const;

  /// True while the rank is inside an operation that needs other ranks.
  bool waits() const noexcept { return waits_.load(std::memory_order_relaxed) > 0; }

 private:
  friend class WaitMark;

  std::array<std::atomic<std::uint64_t>, kMaxPhaseBytes / sizeof(std::uint64_t)> phase_{};
  std::atomic<std::uint64_t> beats_{0};
  std::atomic<std::uint32_t> waits_{0};  // how many threads of the rank do
};

static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "a lock would not work between processes");

/// Says for its lifetime that the rank waits for others; entering and leaving are signs of life themselves.
class WaitMark {
 public:
  /// `pulse` may be null: nobody watches.
  explicit WaitMark(Pulse* pulse) noexcept : pulse_(pulse) { change(1); }
  ~WaitMark() { change(static_cast<std::uint32_t>(-1)); }
  WaitMark(WaitMark const&) = delete;
  WaitMark& operator=(WaitMark const&) = delete;

 private:
  void change(std::uint32_t by) noexcept {
    if (pulse_ == nullptr) return;
    pulse_->waits_.fetch_add(by, std::memory_order_relaxed);
    pulse_->beat();
  }

  Pulse* pulse_;
};

}  // namespace distload
