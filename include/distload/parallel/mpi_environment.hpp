/// MpiEnvironment: MPI for the length of a job, set up the way distload needs it.
#pragma once

#include <memory>
#include <string>

#include <distload/parallel/communicator.hpp>

namespace distload {

class NodeBoard;
class MpiCommunicator;
class WatchChannel;
struct JobInternals;

/// Initialises MPI, with MPI_THREAD_MULTIPLE and, under Open MPI, with ROMIO for files (unless OMPI_MCA_io says
/// otherwise), and makes all errors return. If the program has initialised MPI itself, it is used as it is and left
/// running. A process has one at a time.
///
/// The destructor does what `finalize` does, which is collective, unless an exception is unwinding the stack: after a
/// failure the other ranks may not come. It waits for saves in flight.
class MpiEnvironment {
 public:
  /// Collective over all ranks of the job.
  /// @throws CommunicationError  MPI cannot be set up.
  MpiEnvironment();
  /// Collective, unless `finalize` was called before or an exception is unwinding the stack. Failures are logged.
  ~MpiEnvironment();
  MpiEnvironment(MpiEnvironment const&) = delete;
  MpiEnvironment& operator=(MpiEnvironment const&) = delete;

  /// Collective: frees what the constructor made, and ends MPI if the constructor began it.
  /// @throws ConfigError  a save of Saver::save_async has not been waited for, a Watchdog exists, or `finalize` was
  ///                      called before; nothing has changed then.
  void finalize();

  /// All ranks of the job.
  /// @throws ConfigError  after `finalize`.
  Communicator& world();

  /// The ranks on this rank's node, ordered by rank.
  /// @throws ConfigError  after `finalize`.
  Communicator& node();

  /// True if several threads may call MPI at the same time.
  bool is_thread_multiple() const noexcept { return is_thread_multiple_; }

  /// "Open MPI v4.1.4"
  std::string const& library_version() const noexcept { return library_version_; }

  /// What MPI reads and writes files with: "romio321", or "default" where nothing was chosen.
  std::string const& io_component() const noexcept { return io_component_; }

 private:
  friend struct JobInternals;

  void release();

  int exceptions_under_way_;  ///< when it was made
  bool owns_mpi_ = false;
  bool is_thread_multiple_ = false;
  std::string library_version_;
  std::string io_component_;
  std::unique_ptr<MpiCommunicator> world_;
  std::unique_ptr<MpiCommunicator> failure_ranks_;
  std::unique_ptr<MpiCommunicator> node_;
  std::unique_ptr<NodeBoard> board_;
  std::unique_ptr<WatchChannel> channel_;
};

}  // namespace distload
