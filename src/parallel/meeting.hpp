/// meet: before ranks do something together, they find out whether all have come for the same.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <distload/parallel/communicator.hpp>

namespace distload {

/// What a rank is about to do, and all that has to be equal on all ranks for it.
struct Intention {
  std::string call;                                         ///< "Loader::load"
  std::vector<std::pair<std::string, std::string>> values;  ///< names, as a user knows them, and values
};

/// Collective over `ranks`, which talk over MPI: returns when all have come with equal intentions.
/// @throws ConfigError  calls or values differ: names them with ranks and hosts; on all ranks.
/// @throws CommunicationError  a rank has not come within `limit`, counted from when rank 0 came (or, if that is the
///                      one, this rank): names it, on all ranks that came. The group is of no more use.
void meet(Communicator& ranks, Intention const& intention, std::chrono::milliseconds limit);

}  // namespace distload
