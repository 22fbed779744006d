/// AbortAction: what a process still does when its job is ended from outside of its program's flow.
#pragma once

#include <functional>

namespace distload {

/// While it lives, `act` is run, once, if a signal, the watchdog or a rank that failed alone ends the job, where no
/// destructor runs. Short, without MPI, and without anything that the interrupted threads may hold.
class AbortAction {
 public:
  explicit AbortAction(std::function<void()> act);

  /// When this returns `act` is not run any more. If it is being run, the process ends here.
  ~AbortAction();
  AbortAction(AbortAction const&) = delete;
  AbortAction& operator=(AbortAction const&) = delete;
};

/// Runs all acts. Comes right before the process ends: from now on no AbortAction can be made or destroyed.
void run_abort_actions() noexcept;

}  // namespace distload
