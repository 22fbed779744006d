/// CallScope: this process is inside a collective function of the library.
#pragma once

#include <string>
#include <string_view>

namespace distload {

/// One thread of a process at a time is inside such functions; they may call each other. While a scope lives, the
/// watchdogs of the job expect this rank to make progress.
class CallScope {
 public:
  /// @param call   "Loader::load"
  /// @param phase  the rank's phase, unless the program has set one
  /// @throws ConfigError  another thread is inside such a function, or MPI has ended.
  CallScope(std::string_view call, std::string_view phase);
  ~CallScope();
  CallScope(CallScope const&) = delete;
  CallScope& operator=(CallScope const&) = delete;

 private:
  /// The calling thread's turn, which ends after the board shows the state before the call.
  class Turn {
   public:
    explicit Turn(std::string_view call);
    ~Turn();
    Turn(Turn const&) = delete;
    Turn& operator=(Turn const&) = delete;
  };

  Turn turn_;
  std::string phase_before_;
  std::string call_before_;
};

/// Reports progress of this rank in `phase`; does nothing without an MpiEnvironment. From any
/// thread.
void show_progress(std::string_view phase);

}  // namespace distload
