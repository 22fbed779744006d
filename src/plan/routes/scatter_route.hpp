/// ScatterRoute: one rank of each node reads for the node's ranks, and copies to their shards: while reading, or for
/// devices by kernels from its slot.
#pragma once

#include "plan/arena_layout.hpp"
#include "plan/ledger/ledger.hpp"
#include "plan/plan_request.hpp"
#include "plan/routes/node_readers.hpp"
#include "plan/routes/route.hpp"
#include "plan/wave_builder.hpp"

namespace distload {

class ScatterRoute final : public Route {
 public:
  /// All arguments outlive the object.
  ScatterRoute(PlanRequest const& request, ArenaLayout const& arenas, Ledger& ledger, WaveBuilders& waves)
      : request_(request), arenas_(arenas), ledger_(ledger), waves_(waves), node_readers_(request, ledger) {}

  void plan(CurrentParameter const& parameter, ReadPiece const& piece) override;

 private:
  /// Counts the bytes that a reader copies to other ranks of its node. @returns false if all shards there are views.
  bool count_copies(CurrentParameter const& parameter, ReadPiece const& piece, std::uint32_t reader);
  void read_and_copy(CurrentParameter const& parameter, ReadPiece const& piece, WaveBuilder& wave) const;
  void stage_and_copy(CurrentParameter const& parameter, ReadPiece const& piece, WaveBuilder& wave) const;

  PlanRequest const& request_;
  ArenaLayout const& arenas_;
  Ledger& ledger_;
  WaveBuilders& waves_;
  NodeReaders node_readers_;
};

/// True if all ranks that want a part of the job are on one node.
bool share_a_node(CurrentParameter const& parameter, ReadJob const& job, PlanRequest const& request);

}  // namespace distload
