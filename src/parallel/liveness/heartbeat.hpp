/// Heartbeat: the activity of one rank, in memory shared by all ranks of its node. Watchdogs read it to tell which rank
/// is stuck, which one only waits, and which process has ended.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace distload {

/// A short text in atomic words. A concurrent read may return a mixture of the old and the new text.
class AtomicText {
 public:
  static constexpr std::size_t kMostBytes = 32;

  /// Cuts a longer text.
  void store(std::string_view text) noexcept;
  std::string load() const;

 private:
  std::array<std::atomic<std::uint64_t>, kMostBytes / sizeof(std::uint64_t)> words_{};
};

/// Written by its own rank (any thread), read by the watchdogs of all ranks of the node. Frequently changed members
/// have their own cache line, so that a beat is cheap.
class alignas(64) Heartbeat {
 public:
  void beat() noexcept { beats_.fetch_add(1, std::memory_order_relaxed); }
  std::uint64_t beats() const noexcept { return beats_.load(std::memory_order_relaxed); }

  /// Sets the rank's phase; empty: no progress is expected. Counts as a beat.
  void enter(std::string_view phase) noexcept {
    phase_.store(phase);
    beat();
  }
  std::string phase() const { return phase_.load(); }

  /// Sets the library function that the rank is in, "Loader::load"; empty: none.
  void set_call(std::string_view call) noexcept { call_.store(call); }
  std::string call() const { return call_.load(); }

  /// True while the rank is inside an operation that needs other ranks.
  bool waits() const noexcept { return waits_.load(std::memory_order_relaxed) > 0; }

  /// Called by the rank's watchdog at every look: shows that the process runs, even if its main thread waits.
  void look() noexcept { looks_.fetch_add(1, std::memory_order_relaxed); }
  std::uint64_t looks() const noexcept { return looks_.load(std::memory_order_relaxed); }

  /// Sets whether the rank has a watchdog.
  void set_watched(bool is_watched) noexcept { is_watched_.store(is_watched, std::memory_order_relaxed); }
  bool is_watched() const noexcept { return is_watched_.load(std::memory_order_relaxed); }

 private:
  friend class WaitScope;

  std::atomic<std::uint64_t> beats_{0};
  std::atomic<std::uint32_t> waits_{0};  // number of threads that wait
  alignas(64) std::atomic<std::uint64_t> looks_{0};
  std::atomic<bool> is_watched_{false};
  AtomicText phase_;
  AtomicText call_;
};

static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "a lock would not work between processes");

/// Marks the rank as waiting for others during its lifetime; begin and end count as beats.
class WaitScope {
 public:
  /// `heartbeat` is null if there is no watchdog.
  explicit WaitScope(Heartbeat* heartbeat) noexcept : heartbeat_(heartbeat) { change(1); }
  ~WaitScope() { change(static_cast<std::uint32_t>(-1)); }
  WaitScope(WaitScope const&) = delete;
  WaitScope& operator=(WaitScope const&) = delete;

 private:
  void change(std::uint32_t by) noexcept {
    if (heartbeat_ == nullptr) return;
    heartbeat_->waits_.fetch_add(by, std::memory_order_relaxed);
    heartbeat_->beat();
  }

  Heartbeat* heartbeat_;
};

}  // namespace distload
