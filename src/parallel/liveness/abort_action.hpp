/// AbortAction: an action that runs when the job is aborted and no destructor runs.
#pragma once

#include <functional>

namespace distload {

/// While the object lives, `act` runs once if a signal, the watchdog or a rank that failed alone ends the job. It must
/// be short, must not call MPI and must not take locks that interrupted threads may hold.
class AbortAction {
 public:
  explicit AbortAction(std::function<void()> act);

  /// `act` does not run after this returns. If it is running, the process ends here.
  ~AbortAction();
  AbortAction(AbortAction const&) = delete;
  AbortAction& operator=(AbortAction const&) = delete;
};

/// Runs all actions, directly before the process ends: afterwards AbortActions cannot be created or destroyed.
void run_abort_actions() noexcept;

}  // namespace distload
