/// make_redistribute_plan: computes one rank's part of a redistribution. Pure: no MPI, no clock.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include <distload/base/bytes.hpp>

#include "redistribute/plan/redistribute_plan.hpp"
#include "redistribute/plan/side.hpp"

namespace distload {

/// Offsets of shards in the memory of a model, by parameter; nothing where the rank holds none.
using ShardOffsets = std::vector<std::optional<Bytes>>;

struct RedistributePlanOptions {
  Bytes staging_bytes = 64 * kMiB;    ///< of a rank
  std::optional<Bytes> memory_limit;  ///< per rank
  bool limit_counts_source = false;   ///< the limit is for source, target and staging; otherwise for new memory alone
  bool shares = true;                 ///< shards that do not change stay where they are, for source and target
  bool frees_source = false;          ///< the source is not needed afterwards, and its pages can be given back
  bool verifies = false;              ///< plan checks
  bool fills_existing = false;        ///< the target has memory, with all its shards
  bool reads_from_peers = false;      ///< ranks of a node can read each other's memory
  Bytes in_place_bytes = 256 * kKiB;  ///< parts of at least this size are sent unpacked if possible
  Bytes least_peer_run = 256;         ///< parts with shorter runs are sent as messages rather than read from peers
  Bytes piece_bytes = 4 * kMiB;       ///< most bytes of a part; at most an eighth of the staging memory
};

struct RedistributeRequest {
  Side const& source;
  Side const& target;                                  ///< of the same stored tensors
  std::vector<std::uint32_t> source_ranks;             ///< by rank of the source's topology: its number in the group
  std::vector<std::uint32_t> target_ranks;             ///< likewise of the target's
  std::uint32_t ranks = 1;                             ///< of the group
  std::uint32_t rank = 0;                              ///< this rank
  std::vector<std::uint32_t> node_of;                  ///< node number by rank; empty if all are on one node
  ShardOffsets own_source;                             ///< this rank's shards; empty if it holds none
  std::map<std::uint32_t, ShardOffsets> peer_sources;  ///< with `reads_from_peers`, by rank: of the node's ranks
  ShardOffsets existing;          ///< with `fills_existing`: this rank's shards; empty if it gets none
  std::vector<bool> is_in_place;  ///< by parameter: in the existing memory, this rank's shard is that of its source
  RedistributePlanOptions options;
};

/// The plan of `request.rank`. Every rank makes the same decisions and keeps only its own part; no communication.
///
/// Every part of a target's shard that its rank does not hold is sent to it exactly once, by a rank of its node if one
/// holds it, and by the one that has sent least. All shards progress evenly, so that ranks give and get at the same
/// rate.
/// @throws OutOfBudget  a rank needs more than `memory_limit`. The same on every rank.
RedistributePlan make_redistribute_plan(RedistributeRequest const& request);

}  // namespace distload
