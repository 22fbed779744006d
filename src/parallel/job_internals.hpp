/// JobInternals: access to parts of an MpiEnvironment for the library only.
#pragma once

#include <distload/parallel/mpi_environment.hpp>

namespace distload {

struct JobInternals {
  /// The heartbeats of the ranks of this node.
  /// @throws ConfigError  after `finalize`.
  static NodeBoard& board(MpiEnvironment& mpi) {
    static_cast<void>(mpi.world());
    return *mpi.board_;
  }

  /// The channel between watchdogs of different nodes; nullptr if the job has one node.
  static WatchChannel* channel(MpiEnvironment& mpi) noexcept { return mpi.channel_.get(); }

  /// All ranks of the job, reserved for the agreement on how a failed job ends.
  static MpiCommunicator& failure_ranks(MpiEnvironment& mpi) noexcept { return *mpi.failure_ranks_; }
};

}  // namespace distload
