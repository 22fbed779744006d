/// Route: a way that bytes take from storage to the shards of the ranks that want them.
#pragma once

#include "plan/current_parameter.hpp"

namespace distload {

/// Every rank goes through the same calls and counts the same; only its own part is written down.
class Route {
 public:
  Route() = default;
  Route(Route const&) = delete;
  Route& operator=(Route const&) = delete;
  virtual ~Route() = default;

  /// Before the first piece of a parameter is planned, on whatever route.
  virtual void start(CurrentParameter const& /*parameter*/) {}

  /// Decides who reads the piece and in which wave, counts what each rank reads, sends and receives for it, and adds
  /// the own rank's reads, copies and messages to that wave.
  virtual void plan(CurrentParameter const& parameter, ReadPiece const& piece) = 0;
};

}  // namespace distload
