/// SaveInFlight: a save that goes on in the background.
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

/// Owns the checkpoint that is being written, its plan, and the thread that delivers and commits it. All ranks have
/// one, and their threads agree on how it ends.
class SaveInFlight {
 public:
  /// What the caller wants to know afterwards.
  struct Origin {
    std::uint64_t step = 0;
    std::chrono::steady_clock::time_point start;
    Bytes own_bytes = 0;  ///< that this rank has to write
  };

  /// Local: starts the thread, which waits. `ranks` and `memory` outlive it.
  SaveInFlight(Origin origin, std::unique_ptr<ExtentWriter> writer, SavePlan plan, std::unique_ptr<WaveWriter> waves,
               SnapshotMemory& memory, Communicator& ranks);

  /// Waits for the thread, which does nothing if no snapshot was taken.
  ~SaveInFlight();
  SaveInFlight(SaveInFlight const&) = delete;
  SaveInFlight& operator=(SaveInFlight const&) = delete;

  /// Local: copies this rank's part, wave by wave; returns when it has all been copied, or the save has failed.
  /// Called once, on all ranks, when all of them have a thread: from then on only the threads use `ranks`.
  void take_snapshot();

  /// Local: returns when the thread has ended. `on_progress` is called now and then with the bytes that this rank has
  /// written so far, but only if it has written more.
  /// @throws what the thread has met, the same on all ranks.
  void finish(std::function<void(Bytes)> const& on_progress);

  Origin const& origin() const noexcept { return origin_; }
  Bytes total_bytes() const noexcept { return total_bytes_; }
  /// From the start until the snapshot was there.
  double stall_seconds() const noexcept { return stall_seconds_; }

  /// After `finish` has returned.
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
  std::promise<bool> begin_;  ///< tells the thread to run, or to end at once
  bool has_begun_ = false;
  BackgroundWork work_{"a save begun by Saver::save_async"};
  std::thread thread_;
};

}  // namespace distload
