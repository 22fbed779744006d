/// meet: checks that all ranks call the same function with the same settings.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <distload/parallel/communicator.hpp>

namespace distload {

/// The call that a rank is about to make, and the values that must be equal on all ranks.
struct Intention {
  std::string call;                                         ///< "Loader::load"
  std::vector<std::pair<std::string, std::string>> values;  ///< setting names as the user knows them, and values
};

/// Collective over `ranks`: returns when all ranks have called it with equal intentions.
/// @throws ConfigError  calls or values differ; names them with ranks and hosts; on all ranks.
/// @throws CommunicationError  with MPI: a rank has not called within `limit`, counted from the arrival of rank 0 (of
/// this rank,
///                             if rank 0 is missing); names it, on all ranks that called. The group cannot be used any
///                             more.
void meet(Communicator& ranks, Intention const& intention, std::chrono::milliseconds limit);

}  // namespace distload
