/// LoadPlan: everything one rank does to get its shards, decided beforehand from integers alone.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/base/dtype.hpp>
#include <distload/partition/partition.hpp>
#include <distload/partition/topology.hpp>
#include <distload/plan/cost_model.hpp>
#include <distload/tensor/cast.hpp>
#include <distload/tensor/strided_copy.hpp>

namespace distload {

/// Start of every shard in the arena: what vector loads, cp.async and TMA want, and a multiple of a cache line.
inline constexpr Bytes kShardAlignment = 256;

/// The two memories of a rank that a plan addresses.
enum class Area : std::uint8_t {
  arena,    ///< where shards live
  staging,  ///< the wave's slot: what is read for others or not yet in shape, packed messages, received messages
};

/// A range of one extent, to be read to `offset_bytes` of `area`.
struct PlannedRead {
  std::uint32_t extent = 0;  ///< index into `Catalog::extents`
  Bytes begin_bytes = 0;     ///< in the extent; block-aligned if it has checksums
  Bytes nbytes = 0;
  Area area = Area::arena;
  Bytes offset_bytes = 0;
};

/// A strided copy between areas: packing (arena or staging to staging) or placing (staging to arena).
struct PlannedCopy {
  Area source = Area::staging;
  Area destination = Area::arena;
  StridedCopy copy;
  std::optional<Cast> cast;  ///< only of places
};

/// A message; between the same two ranks both sides list theirs in the same order.
struct PlannedMessage {
  std::uint32_t peer = 0;
  Area area = Area::staging;
  Bytes offset_bytes = 0;
  Bytes nbytes = 0;
};

/// The part of a plan whose staging fits one slot.
struct Wave {
  std::vector<PlannedRead> reads;
  std::vector<PlannedCopy> packs;  ///< after the reads, before the exchange
  std::vector<PlannedMessage> sends;
  std::vector<PlannedMessage> receives;
  std::vector<PlannedCopy> places;  ///< after the exchange
  Bytes staging_bytes = 0;          ///< of the slot, on this rank
};

/// One parameter's part on this rank.
struct PlannedShard {
  std::uint32_t parameter = 0;  ///< index into `ModelLayout::parameters`
  DType dtype = DType::f32;     ///< in memory
  ShardLayout layout;
  Bytes offset_bytes = 0;  ///< in the arena
  Bytes nbytes = 0;
  bool transposed = false;  ///< the last two axes of `layout` lie in memory the other way round
};

/// What the plan means for one rank, known for every rank.
struct RankLoad {
  Bytes resident_bytes = 0;
  Bytes read_bytes = 0;  ///< from storage
  Bytes sent_bytes = 0;
  Bytes received_bytes = 0;
  Bytes staging_bytes = 0;  ///< the largest slot
  std::uint64_t requests = 0;
};

/// How one parameter travels; the reason can be computed again from `shared`.
struct PlannedParameter {
  Strategy strategy = Strategy::straight;  ///< of its largest shared stretch; straight if it has none
  SharedRead shared;                       ///< that stretch
};

/// Predicted seconds, from the cost model.
struct Prediction {
  double read_seconds = 0;
  double exchange_seconds = 0;
  double total_seconds = 0;
};

struct LoadPlan {
  Topology topology;
  std::uint32_t rank = 0;
  std::uint32_t slots = 1;                   ///< staging slots of `slot_bytes` each
  Bytes slot_bytes = 0;                      ///< the largest wave's staging on this rank
  Bytes arena_bytes = 0;                     ///< of this rank
  std::vector<PlannedShard> shards;          ///< of this rank, in the order of the catalog
  std::vector<Wave> waves;                   ///< of this rank; every rank has equally many
  std::vector<PlannedParameter> parameters;  ///< in the order of `ModelLayout::parameters`
  std::vector<RankLoad> ranks;               ///< one for every rank
  Bytes requested_bytes = 0;                 ///< of all tensors that somebody wants, each counted once
  Bytes storage_read_bytes = 0;              ///< by all ranks
  Bytes exchanged_bytes = 0;                 ///< between all ranks
  Prediction predicted;

  /// Storage bytes read by all ranks / bytes of the tensors requested.
  double read_amplification() const noexcept {
    return requested_bytes == 0 ? 1.0 : static_cast<double>(storage_read_bytes) / static_cast<double>(requested_bytes);
  }
  /// Most memory that this rank needs: arena and staging.
  Bytes peak_bytes() const noexcept { return arena_bytes + slots * slot_bytes; }
};

}  // namespace distload
