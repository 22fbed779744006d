/// MappedRoute: files are mapped; one rank of each node verifies, and every rank copies what it wants from the pages
/// that they share, or has a view of them.
#pragma once

#include "plan/ledger/ledger.hpp"
#include "plan/plan_request.hpp"
#include "plan/routes/node_readers.hpp"
#include "plan/routes/route.hpp"
#include "plan/wave_builder.hpp"

namespace distload {

class MappedRoute final : public Route {
 public:
  /// All arguments outlive the object.
  MappedRoute(PlanRequest const& request, Ledger& ledger, WaveBuilders& waves)
      : request_(request), ledger_(ledger), waves_(waves), node_readers_(request, ledger) {}

  void plan(CurrentParameter const& parameter, ReadPiece const& piece) override;

 private:
  /// By one rank straight into its shard; where that is a view, it is verified.
  void read_by(std::uint32_t reader, CurrentParameter const& parameter, ReadPiece const& piece);
  void read_by_nodes(CurrentParameter const& parameter, ReadPiece const& piece);
  void copy_to_own_shard(CurrentParameter const& parameter, ReadPiece const& piece, WaveBuilder& wave) const;

  PlanRequest const& request_;
  Ledger& ledger_;
  WaveBuilders& waves_;
  NodeReaders node_readers_;
};

}  // namespace distload
