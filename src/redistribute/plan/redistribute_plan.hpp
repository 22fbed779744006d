/// RedistributePlan: what one rank does to bring a model into another topology, and what that takes of every rank.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/redistribute/forecast.hpp>

#include "plan/demand/segments.hpp"
#include "plan/planned_copies.hpp"
#include "plan/rank_work.hpp"

namespace distload {

/// A copy from the source of another rank on this rank's node to this rank's target.
struct PeerCopy {
  std::uint32_t rank = 0;
  StridedCopy copy;
};

/// A part that travels. Both ends pack its elements, in their final type, in the same order, and compare their hashes.
struct PlannedCheck {
  std::uint32_t parameter = 0;  ///< of the target's layout
  std::uint32_t peer = 0;       ///< the other end
  PlannedCopy copy;             ///< from `Area::source` or `Area::arena` to offset 0 of `Area::staging`
  Bytes nbytes = 0;             ///< packed
};

/// Work between two agreements of all ranks. `moves` has no reads; its areas are `source`, `staging` and `arena`.
struct RedistributeWave {
  Wave moves;
  std::vector<PeerCopy> peer_copies;
  std::vector<PlannedCheck> sent;      ///< only if the plan verifies; to each peer in the order in which it receives
  std::vector<PlannedCheck> received;  ///< likewise
  std::vector<ByteRange> released;     ///< of this rank's source: nothing needs them after the wave; ascending
};

struct RedistributePlan {
  std::vector<RedistributeWave> waves;  ///< the same number on every rank
  std::vector<ByteRange> unused;        ///< of this rank's source: nothing needs them at all, if the source is freed
  std::vector<PlannedShard> shards;     ///< of this rank's target, in the order of the catalog
  std::vector<bool> is_shared;  ///< by shard: it stays where it is, and its offset is that in the source's memory
  Bytes arena_bytes = 0;        ///< of this rank's new memory
  std::vector<RankMoves> ranks;
  bool has_messages = false;      ///< some rank sends a message to another
  bool reads_from_peers = false;  ///< some rank reads the memory of another
};

}  // namespace distload
