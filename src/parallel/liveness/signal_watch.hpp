/// SignalWatch: turns the signals that ask a job to end into one message for the job and an end without delay.
#pragma once

#include <thread>

#include <distload/parallel/mpi_environment.hpp>

namespace distload {

/// While it lives, the first SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 (batch systems send these two ahead of the time
/// limit, and mpirun passes them on) or SIGXCPU ends the job with exit code 128 + the signal's number, as shells do
/// (130, 143), after what is unfinished has been removed (AbortAction). What was ignored when the program was started
/// stays ignored. Later ones are of no effect: mpirun sends SIGTERM again as soon as the first rank has left, perhaps
/// before the message is out. mpirun passes Ctrl-C on to all ranks as SIGTERM, and also sends it to the others when one
/// rank dies; one of these ranks prints, on the node of rank 0. For main programs: a process has one owner of its
/// signals.
class SignalWatch {
 public:
  /// Local. `mpi` outlives the object; there is at most one at a time.
  explicit SignalWatch(MpiEnvironment& mpi);
  ~SignalWatch();
  SignalWatch(SignalWatch const&) = delete;
  SignalWatch& operator=(SignalWatch const&) = delete;

 private:
  std::thread thread_;
};

}  // namespace distload
