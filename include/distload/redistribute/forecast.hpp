/// RedistributeForecast: what a redistribution takes of every rank, before anything is loaded.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/base/topology.hpp>

namespace distload {

/// What a redistribution means for one rank.
struct RankMoves {
  Bytes source_bytes = 0;    ///< of the shards that it holds
  Bytes target_bytes = 0;    ///< of the shards that get memory of their own
  Bytes shared_bytes = 0;    ///< of the shards that stay where they are
  Bytes local_bytes = 0;     ///< copied within the rank
  Bytes sent_bytes = 0;      ///< to other ranks
  Bytes received_bytes = 0;  ///< from other ranks
  Bytes staging_bytes = 0;   ///< memory for messages
  Bytes peak_bytes = 0;      ///< of source, target and staging together
};

/// The same on all ranks.
struct RedistributeForecast {
  Topology from;                 ///< of the old model
  Topology to;                   ///< of the outcome
  bool in_place = false;         ///< whether the old model's memory is freed while it is copied
  std::vector<RankMoves> ranks;  ///< by rank
  std::uint64_t waves = 0;       ///< steps after which the ranks agree
};

/// Local: as text for people, in the style of `describe` of a LoadPlan.
std::string describe(RedistributeForecast const& forecast);

}  // namespace distload
