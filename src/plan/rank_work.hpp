/// RankWork: all operations of one rank in a load, and the strategy of each parameter.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/base/dtype.hpp>
#include <distload/partition/partition.hpp>

#include "plan/cost_model.hpp"
#include "plan/plan_options.hpp"
#include "plan/planned_copies.hpp"

namespace distload {

/// Alignment of every shard in the arena: suffices for vector loads, cp.async and TMA, and for direct reads of most
/// devices.
inline constexpr Bytes kShardAlignment = 512;

/// A range of one extent that is read to `offset_bytes` of `area`; only verified if that is `Area::mapped`.
struct PlannedRead {
  std::uint32_t extent = 0;  ///< index into `OpenedCheckpoint::stored_catalog().extents`
  Area area = Area::arena;
  Bytes begin_bytes = 0;  ///< in the extent; block-aligned if it has checksums
  Bytes nbytes = 0;
  Bytes offset_bytes = 0;
};

/// A message. Sender and receiver list the messages between them in the same order.
struct PlannedMessage {
  std::uint32_t peer = 0;
  Area area = Area::staging;
  Bytes offset_bytes = 0;
  Bytes nbytes = 0;
};

/// The source and the destination of a copy from a range that is read to `Area::passing`, to the arena of this rank or
/// of another rank on its node.
struct ScatterTarget {
  std::uint32_t read = 0;  ///< index into `Wave::reads`
  std::uint32_t rank = 0;
};

/// The part of a plan whose staging fits one slot.
struct Wave {
  std::vector<PlannedRead> reads;
  PlannedCopies packs;  ///< after the reads, before the exchange
  std::vector<PlannedMessage> sends;
  std::vector<PlannedMessage> receives;
  PlannedCopies places;                         ///< after the exchange
  PlannedCopies scatters;                       ///< while reading; source offsets are relative to the range
  std::vector<ScatterTarget> scatter_targets;   ///< by index in `scatters`, which are in the order of the reads
  PlannedCopies peer_places;                    ///< like `places`, to the arenas of other ranks on this rank's node
  std::vector<std::uint32_t> peer_place_ranks;  ///< by index in `peer_places`
  Bytes staging_bytes = 0;                      ///< of the slot, on this rank
  Bytes read_staging_bytes = 0;                 ///< of these, the first ones, which reads fill
};

/// The shard of one parameter on this rank.
struct PlannedShard {
  std::uint32_t parameter = 0;                ///< index into `ModelLayout::parameters`
  DType dtype = DType::f32;                   ///< in memory
  bool transposed = false;                    ///< the last two axes of `layout` are swapped in memory
  std::shared_ptr<ShardLayout const> layout;  ///< shared by shards with equal layouts; never null in a plan
  Bytes offset_bytes = 0;                     ///< in the arena
  Bytes nbytes = 0;
};

/// A shard with the same bytes as a range of a file: it is not copied, the file is mapped to its place.
struct PlannedView {
  std::uint32_t file = 0;        ///< index into `Catalog::files`
  Bytes file_offset_bytes = 0;   ///< of the shard's first byte; need not be page-aligned
  Bytes arena_offset_bytes = 0;  ///< offset in its page equals that in the file; its pages hold nothing else
  Bytes nbytes = 0;
};

/// The strategy of one parameter; the reason can be computed again from `shared`.
struct PlannedParameter {
  Strategy strategy = Strategy::straight;  ///< of its largest shared segment; straight if it has none
  SharedRead shared;                       ///< that segment
};

struct RankWork {
  std::string checkpoint;            ///< `Catalog::path` of the planned checkpoint
  std::uint64_t fingerprint = 0;     ///< fingerprint_of that catalog
  PlanOptions options;               ///< of the plan, without `places` and `stored_extents`
  std::vector<PlannedShard> shards;  ///< in the order of the catalog
  std::vector<PlannedView> views;
  std::vector<Wave> waves;              ///< the same number on every rank
  std::vector<PlannedParameter> kinds;  ///< one for all parameters that are planned equally
  std::vector<std::uint32_t> kind_of;   ///< for each of `ModelLayout::parameters`, an index into `kinds`

  /// @param index  of `ModelLayout::parameters`
  PlannedParameter const& parameter(std::size_t index) const { return kinds[kind_of[index]]; }
};

}  // namespace distload
