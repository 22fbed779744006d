/// SignalWatch: on a signal that ends the job, prints one message and ends the job quickly.
#pragma once

#include <thread>

#include <distload/parallel/mpi_environment.hpp>

namespace distload {

/// While the object lives, the first SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 (which batch systems send before the
/// time limit and mpirun passes on) or SIGXCPU ends the job with exit code 128 + signal number, as shells do (130,
/// 143), after unfinished files have been removed (AbortAction); the message says what became of a save. Signals that
/// were ignored at program start stay ignored. Later signals have no effect: mpirun sends SIGTERM again when the first
/// rank exits, possibly before the message is printed. mpirun passes Ctrl-C to all ranks as SIGTERM, and sends SIGTERM
/// to the other ranks when one dies; one rank of rank 0's node prints the message. For main programs: only one
/// component of a process can handle its signals.
class SignalWatch {
 public:
  /// Local. `mpi` must outlive the object; at most one object exists at a time.
  explicit SignalWatch(MpiEnvironment& mpi);
  ~SignalWatch();
  SignalWatch(SignalWatch const&) = delete;
  SignalWatch& operator=(SignalWatch const&) = delete;

 private:
  std::thread thread_;
};

}  // namespace distload
