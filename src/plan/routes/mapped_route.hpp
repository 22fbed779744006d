/// MappedRoute: for mapped files; one rank of each node verifies, and every rank copies its parts from the shared pages
/// or has a view of them.
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
  /// One rank reads directly to its shard; if that is a view, it only verifies.
  void read_by(std::uint32_t reader, CurrentParameter const& parameter, ReadPiece const& piece);
  void read_by_nodes(CurrentParameter const& parameter, ReadPiece const& piece);
  void copy_to_own_shard(CurrentParameter const& parameter, ReadPiece const& piece, WaveBuilder& wave) const;

  PlanRequest const& request_;
  Ledger& ledger_;
  WaveBuilders& waves_;
  NodeReaders node_readers_;
};

}  // namespace distload
