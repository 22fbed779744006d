/// CallScope: tells the job's watchdogs that this process is inside a library function.
#pragma once

#include <string>
#include <string_view>

#include "parallel/liveness/node_board.hpp"

namespace distload {

/// While the object lives, watchdogs expect progress of this rank. Does nothing without an MpiEnvironment.
class CallScope {
 public:
  /// @param call   "Loader::load"
  /// @param phase  the rank's phase, unless the program has set one
  CallScope(std::string_view call, std::string_view phase) {
    auto* const board = NodeBoard::of_process();
    if (board == nullptr) return;
    phase_before_ = board->own().phase();
    call_before_ = board->own().call();
    if (call_before_.empty()) board->own().set_call(call);
    if (phase_before_.empty()) board->own().enter(phase);
  }
  ~CallScope() {
    auto* const board = NodeBoard::of_process();
    if (board == nullptr) return;
    board->own().set_call(call_before_);
    board->own().enter(phase_before_);
  }
  CallScope(CallScope const&) = delete;
  CallScope& operator=(CallScope const&) = delete;

 private:
  std::string phase_before_;
  std::string call_before_;
};

/// Reports progress of this rank in `phase`; does nothing without an MpiEnvironment. Call it on the thread that owns
/// the scope.
inline void show_progress(std::string_view phase) {
  auto* const board = NodeBoard::of_process();
  if (board == nullptr) return;
  if (board->own().phase() == phase) {
    board->own().beat();
  } else {
    board->own().enter(phase);
  }
}

}  // namespace distload
