/// Launcher: starts this program again on the same number of processes.
#pragma once

#include <string>
#include <vector>

namespace distload {

/// The command and the environment that have started this job, e.g. `mpirun --oversubscribe -np 4`. MPI_Comm_spawn
/// would be the portable way, but with Open MPI 4.1.4 it hangs after some dozens of calls.
class Launcher {
 public:
  /// Local, on rank 0.
  /// @param words  the command to use; if empty, it is read from the process that has started this one
  /// @throws UsageError  that process is not known, as under srun.
  static Launcher find(std::string const& words);

  /// Local: runs this program with `arguments`, and waits until it has ended. @returns what it has printed.
  /// @throws the program's error, with its code and message.
  /// @throws UsageError  the command fails before the program runs.
  std::string run(std::vector<std::string> const& arguments) const;

 private:
  std::vector<std::string> command_;  ///< with this program as its last word
  std::vector<std::string> environment_;
};

}  // namespace distload
