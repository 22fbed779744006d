/// JobInternals: what the library's own parts use of an MpiEnvironment, and its users do not.
#pragma once

#include <distload/parallel/mpi_environment.hpp>

namespace distload {

struct JobInternals {
  /// What the ranks of this node see of each other.
  static NodeBoard& board(MpiEnvironment& mpi) noexcept { return *mpi.board_; }

  /// How watchdogs of different nodes talk; nullptr where there is one node.
  static WatchChannel* channel(MpiEnvironment& mpi) noexcept { return mpi.channel_.get(); }

  /// All ranks of the job, kept apart for the agreement on how a failed job ends; nothing else may use it.
  static MpiCommunicator& failure_ranks(MpiEnvironment& mpi) noexcept { return *mpi.failure_ranks_; }
};

}  // namespace distload
