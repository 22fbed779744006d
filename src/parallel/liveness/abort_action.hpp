/// AbortAction: an action that runs when the job is aborted and no destructor runs.
#pragma once

#include <functional>
#include <string>

namespace distload {

/// While the object lives, `act` runs once if a signal, the watchdog or a rank that failed alone ends the job. It must
/// be short, must not call MPI and must not take locks that interrupted threads may hold. It returns what the user
/// should know about its outcome ("the save of X is withdrawn"), or nothing.
class AbortAction {
 public:
  using Act = std::function<std::string()>;

  explicit AbortAction(Act act);

  /// `act` does not run after this returns. If it is running, the process ends here.
  ~AbortAction();
  AbortAction(AbortAction const&) = delete;
  AbortAction& operator=(AbortAction const&) = delete;

  /// From now on `act` runs instead. If the former one is running, the process ends here.
  void replace(Act act);
};

/// Runs all actions, directly before the process ends: afterwards AbortActions cannot be created or destroyed. Returns
/// what they say, joined by "; ".
std::string run_abort_actions() noexcept;

}  // namespace distload
