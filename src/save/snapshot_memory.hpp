/// SnapshotMemory: slots of host memory that one thread fills, wave by wave, and another one empties in the same order.
/// As long as there is room the one that empties waits, so that it does not take cores from the other.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <vector>

#include "save/host_slot.hpp"

namespace distload {

/// Waves are numbered from 0; wave n lies in slot n modulo `slots`.
class SnapshotMemory {
 public:
  /// No memory is touched before it is filled.
  /// @throws OutOfBudget  the system refuses.
  SnapshotMemory(std::size_t slots, Bytes slot_bytes);

  std::size_t slots() const noexcept { return slots_.size(); }
  Bytes slot_bytes() const noexcept { return slot_bytes_; }

  /// Begins anew with wave 0. Nobody uses it.
  void reset();

  /// The filling thread: memory for the next wave, once there is some; nothing after `stop`.
  std::optional<std::byte*> next_to_fill();
  void filled();
  /// No other will come; because of `failure`, if there is one.
  void complete(std::exception_ptr failure = nullptr);

  /// The emptying thread: the next wave, once it is there.
  /// @throws what the filling thread has met.
  std::byte* next_filled();
  void emptied();

  /// The emptying thread gives up; no thread waits for it any more.
  void stop();

 private:
  Bytes slot_bytes_;
  std::vector<HostSlot> slots_;
  std::mutex mutex_;
  std::condition_variable change_;
  std::uint64_t filled_ = 0;   ///< waves so far
  std::uint64_t emptied_ = 0;  ///< waves so far
  bool is_complete_ = false;
  std::exception_ptr failure_;  ///< of the filling thread
  bool stops_ = false;
};

}  // namespace distload
