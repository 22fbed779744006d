/// SnapshotMemory: slots of host memory that one thread fills, wave by wave, and another thread empties in the same
/// order. While free slots remain, the emptying thread waits, so that it does not compete for cores.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/first_touch.hpp"
#include "base/page_choice.hpp"
#include "save/host_slot.hpp"

namespace distload {

/// Waves are numbered from 0; wave n uses slot n modulo `slots`.
class SnapshotMemory {
 public:
  /// Memory gets its pages when it is first filled.
  /// @throws OutOfBudget  the system refuses.
  SnapshotMemory(std::size_t slots, Bytes slot_bytes);

  std::size_t slots() const noexcept { return slots_.size(); }
  Bytes slot_bytes() const noexcept { return slot_bytes_; }

  /// Restarts with wave 0. Must not be called while threads use the object.
  void reset();

  /// Filling thread: waits for a free slot for the next wave; nothing after `stop`.
  std::optional<std::byte*> next_to_fill();
  void filled();
  /// Filling thread: no further wave follows; `failure` is its exception, if any.
  void complete(std::exception_ptr failure = nullptr);

  /// Emptying thread: waits for the next filled wave.
  /// @throws the exception of the filling thread.
  std::byte* next_filled();
  void emptied();

  /// Emptying thread: ends its work; the filling thread does not wait for it any more.
  void stop();

 private:
  Bytes slot_bytes_;
  PageChoice choice_{HugePageKind::automatic};
  std::vector<HostSlot> slots_;
  std::vector<std::unique_ptr<FirstTouch>> pages_;  ///< by slot
  std::mutex mutex_;
  std::condition_variable change_;
  std::uint64_t filled_ = 0;   ///< waves so far
  std::uint64_t emptied_ = 0;  ///< waves so far
  bool is_complete_ = false;
  std::exception_ptr failure_;  ///< of the filling thread
  bool stops_ = false;
};

}  // namespace distload
