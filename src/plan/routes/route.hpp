/// Route: plans how bytes get from storage to the shards of the ranks that want them.
#pragma once

#include "plan/current_parameter.hpp"

namespace distload {

/// Every rank makes the same calls and counts the same in the ledger, but records only the own rank's operations.
/// LoadPlanner owns one object of each route and decides which jobs take it.
class Route {
 public:
  Route() = default;
  Route(Route const&) = delete;
  Route& operator=(Route const&) = delete;
  virtual ~Route() = default;

  /// Called for every parameter before its pieces are planned, whether or not any of them takes this route.
  virtual void start(CurrentParameter const& /*parameter*/) {}

  /// Decides who reads the piece and in which wave, counts what each rank reads, sends and receives for it, and adds
  /// the own rank's reads, copies and messages to that wave.
  virtual void plan(CurrentParameter const& parameter, ReadPiece const& piece) = 0;
};

}  // namespace distload
