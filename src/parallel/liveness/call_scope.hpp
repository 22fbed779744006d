/// CallScope: this process is inside a function of the library, for the watchdogs of the job.
#pragma once

#include <string>
#include <string_view>

#include "parallel/liveness/node_board.hpp"

namespace distload {

/// While it lives something is expected of this rank. Does nothing where there is no MpiEnvironment.
class CallScope {
 public:
  /// @param call   "Loader::load"
  /// @param phase  what the rank is at, unless the program has said so itself
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

/// This rank makes progress in `phase`; does nothing where there is no MpiEnvironment. For the thread that has the
/// scope.
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
