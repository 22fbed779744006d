// Which thread is inside, and what the watchdogs are told.
#include "parallel/liveness/call_scope.hpp"

#include <cstddef>
#include <mutex>
#include <thread>

#include <mpi.h>

#include <distload/base/error.hpp>

#include "parallel/liveness/node_board.hpp"

namespace distload {
namespace {

/// The thread of this process that is inside collective functions.
class CallingThread {
 public:
  void enter(std::string_view call) {
    std::lock_guard const lock(mutex_);
    if (depth_ > 0 && thread_ != std::this_thread::get_id()) {
      throw ConfigError(std::string(call) + " is called while another thread of this process is in " + outermost_ +
                        ": a process calls Loader and Saver from one thread at a time");
    }
    if (depth_ == 0) {
      thread_ = std::this_thread::get_id();
      outermost_ = call;
    }
    ++depth_;
  }
  void leave() noexcept {
    std::lock_guard const lock(mutex_);
    --depth_;
  }

 private:
  std::mutex mutex_;
  std::thread::id thread_;
  std::size_t depth_ = 0;
  std::string outermost_;
};

CallingThread& calling_thread() {
  static CallingThread one;
  return one;
}

void check_mpi_runs(std::string_view call) {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (finalized != 0) throw ConfigError(std::string(call) + " is called after MPI has ended");
}

}  // namespace

CallScope::Turn::Turn(std::string_view call) {
  check_mpi_runs(call);
  calling_thread().enter(call);
}

CallScope::Turn::~Turn() { calling_thread().leave(); }

CallScope::CallScope(std::string_view call, std::string_view phase) : turn_(call) {
  auto* const board = NodeBoard::of_process();
  if (board == nullptr) return;
  phase_before_ = board->own().phase();
  call_before_ = board->own().call();
  if (call_before_.empty()) board->own().set_call(call);
  if (phase_before_.empty()) board->own().enter(phase);
}

CallScope::~CallScope() {
  auto* const board = NodeBoard::of_process();
  if (board == nullptr) return;
  board->own().set_call(call_before_);
  board->own().enter(phase_before_);
}

void show_progress(std::string_view phase) {
  auto* const board = NodeBoard::of_process();
  if (board == nullptr) return;
  if (board->own().phase() == phase) {
    board->own().beat();
  } else {
    board->own().enter(phase);
  }
}

}  // namespace distload
