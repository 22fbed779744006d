/// SaveInFlight: a save that runs in the background.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>

#include <distload/parallel/communicator.hpp>
#include <distload/save/saver.hpp>

#include "parallel/background_work.hpp"
#include "save/extent_writer.hpp"
#include "save/save_plan.hpp"
#include "save/save_wave.hpp"
#include "save/snapshot_memory.hpp"

namespace distload {

/// Owns the checkpoint being written, its plan, and the thread that delivers and commits it. All ranks have one, and
/// their threads agree on the outcome.
class SaveInFlight {
 public:
  /// What the caller needs afterwards.
  struct Origin {
    std::uint64_t step = 0;
    std::chrono::steady_clock::time_point start;
    Bytes own_bytes = 0;  ///< bytes that this rank writes
  };

  /// Local: starts the thread, which waits for `take_snapshot`. `ranks` and `memory` must outlive it.
  SaveInFlight(Origin origin, std::unique_ptr<ExtentWriter> writer, SavePlan plan, std::unique_ptr<WaveWriter> waves,
               SnapshotMemory& memory, Communicator& ranks);

  /// Joins the thread, which does nothing if no snapshot was taken.
  ~SaveInFlight();
  SaveInFlight(SaveInFlight const&) = delete;
  SaveInFlight& operator=(SaveInFlight const&) = delete;

  /// Local: copies this rank's part, wave by wave; returns when all of it is copied, or the save has failed. Called
  /// once, on all ranks, after all of them have a thread: from then on only the threads use `ranks`.
  void take_snapshot();

  /// Local: returns when the thread has ended. Calls `on_progress` with the bytes that this rank has written so far
  /// whenever they have increased.
  /// @throws the exception of the thread, the same on all ranks.
  void finish(std::function<void(Bytes)> const& on_progress);

  Origin const& origin() const noexcept { return origin_; }
  Bytes total_bytes() const noexcept { return total_bytes_; }
  /// Seconds from the start until the snapshot was complete.
  double stall_seconds() const noexcept { return stall_seconds_; }

  /// Valid after `finish` has returned.
  ExtentWriter const& writer() const noexcept { return *writer_; }
  std::chrono::steady_clock::time_point ended_at() const noexcept { return ended_at_; }

 private:
  void copy_waves();
  void run();

  Origin origin_;
  Bytes total_bytes_;
  double stall_seconds_ = 0;
  std::unique_ptr<ExtentWriter> writer_;
  SavePlan plan_;
  std::unique_ptr<WaveWriter> waves_;
  SnapshotMemory* memory_;
  Communicator* ranks_;
  std::atomic<Bytes> written_{0};
  std::exception_ptr failure_;
  std::chrono::steady_clock::time_point ended_at_;
  std::mutex mutex_;
  std::condition_variable end_;
  bool has_ended_ = false;
  std::promise<bool> begin_;  ///< true: the thread runs; false: it ends at once
  bool has_begun_ = false;
  BackgroundWork work_{"a save begun by Saver::save_async"};
  std::thread thread_;
};

}  // namespace distload
