// One thread for all works: MPI and Kokkos see the same thread in every call.
#include "python/worker.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include <nanobind/nanobind.h>

namespace distload::python {
namespace {

namespace nb = nanobind;

/// How often a caller that waits looks for signals.
constexpr std::chrono::milliseconds kBetweenLooks{50};

struct Work {
  std::function<void()> run;
  bool is_done = false;
  std::exception_ptr failure;
};

class Worker {
 public:
  void submit(std::shared_ptr<Work> work) {
    std::lock_guard const lock(mutex_);
    if (!thread_.joinable()) thread_ = std::thread([this] { loop(); });
    works_.push_back(std::move(work));
    changed_.notify_all();
  }

  /// Waits for a while. @returns true if the work is done.
  bool wait(Work const& work) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kBetweenLooks, [&] { return work.is_done; });
  }

  bool runs_here() const noexcept { return std::this_thread::get_id() == id_.load(); }

  bool is_idle() {
    std::lock_guard const lock(mutex_);
    return works_.empty();
  }

  void end() {
    {
      std::lock_guard const lock(mutex_);
      is_ending_ = true;
      changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  void loop() {
    id_ = std::this_thread::get_id();
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return is_ending_ || !works_.empty(); });
      if (works_.empty()) return;
      auto const work = works_.front();
      lock.unlock();
      try {
        work->run();
      } catch (...) {
        work->failure = std::current_exception();
      }
      work->run = nullptr;  // frees what it owns
      lock.lock();
      works_.pop_front();
      work->is_done = true;
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Work>> works_;  ///< the first one is running
  bool is_ending_ = false;
  std::thread thread_;
  std::atomic<std::thread::id> id_;  ///< of the thread, once it runs
};

/// Never destroyed: a work that nobody waits for may outlive the interpreter.
Worker& worker() {
  static auto* const the_worker = new Worker;
  return *the_worker;
}

}  // namespace

void run_interruptible(std::function<void()> run) {
  auto const work = std::make_shared<Work>();
  work->run = std::move(run);
  worker().submit(work);
  while (true) {
    bool is_done = false;
    {
      nb::gil_scoped_release const unlocked;
      is_done = worker().wait(*work);
    }
    if (is_done) break;
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
  }
  if (work->failure) std::rethrow_exception(std::exchange(work->failure, nullptr));
}

bool is_worker_thread() { return worker().runs_here(); }

bool worker_is_idle() { return worker().is_idle(); }

void end_worker() {
  nb::gil_scoped_release const unlocked;
  worker().end();
}

}  // namespace distload::python
