/// Heartbeat: one rank's sign of life, in memory that all ranks of its node see, so that a watchdog can tell who is
/// stuck, who only waits, and who does not live at all.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace distload {

/// A short text in whole atomic words. One that is being changed may be seen half old and half new.
class AtomicText {
 public:
  static constexpr std::size_t kMostBytes = 32;

  /// A longer text is cut.
  void store(std::string_view text) noexcept;
  std::string load() const;

 private:
  std::array<std::atomic<std::uint64_t>, kMostBytes / sizeof(std::uint64_t)> words_{};
};

/// Written by its own rank (from any thread), read by the watchdogs of all ranks of the node. What changes often has a
/// cache line of its own: a beat must cost nothing.
class alignas(64) Heartbeat {
 public:
  void beat() noexcept { beats_.fetch_add(1, std::memory_order_relaxed); }
  std::uint64_t beats() const noexcept { return beats_.load(std::memory_order_relaxed); }

  /// The rank is in `phase` now; empty: nothing is expected of it. A beat follows the change.
  void enter(std::string_view phase) noexcept {
    phase_.store(phase);
    beat();
  }
  std::string phase() const { return phase_.load(); }

  /// The function of the library that the rank is in, "Loader::load"; empty: in none.
  void set_call(std::string_view call) noexcept { call_.store(call); }
  std::string call() const { return call_.load(); }

  /// True while the rank is inside an operation that needs other ranks.
  bool waits() const noexcept { return waits_.load(std::memory_order_relaxed) > 0; }

  /// The rank's watchdog has looked around: its process runs, whatever its main thread waits for.
  void look() noexcept { looks_.fetch_add(1, std::memory_order_relaxed); }
  std::uint64_t looks() const noexcept { return looks_.load(std::memory_order_relaxed); }

  /// The rank has a watchdog.
  void set_watched(bool is_watched) noexcept { is_watched_.store(is_watched, std::memory_order_relaxed); }
  bool is_watched() const noexcept { return is_watched_.load(std::memory_order_relaxed); }

 private:
  friend class WaitScope;

  std::atomic<std::uint64_t> beats_{0};
  std::atomic<std::uint32_t> waits_{0};  // how many threads of the rank do
  alignas(64) std::atomic<std::uint64_t> looks_{0};
  std::atomic<bool> is_watched_{false};
  AtomicText phase_;
  AtomicText call_;
};

static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "a lock would not work between processes");

/// Says for its lifetime that the rank waits for others; entering and leaving are signs of life themselves.
class WaitScope {
 public:
  /// `heartbeat` may be null: there is no watchdog.
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
