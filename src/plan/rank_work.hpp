/// RankWork: everything that one rank does to get its shards, and how each parameter gets to the ranks.
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

/// Start of every shard in the arena: what vector loads, cp.async and TMA want, and what most devices want of memory
/// that they read into directly.
inline constexpr Bytes kShardAlignment = 512;

/// A range of one extent, to be read to `offset_bytes` of `area`; to be only verified if that is `Area::mapped`.
struct PlannedRead {
  std::uint32_t extent = 0;  ///< index into `OpenedCheckpoint::stored_catalog().extents`
  Area area = Area::arena;
  Bytes begin_bytes = 0;  ///< in the extent; block-aligned if it has checksums
  Bytes nbytes = 0;
  Bytes offset_bytes = 0;
};

/// A message; between the same two ranks both sides list theirs in the same order.
struct PlannedMessage {
  std::uint32_t peer = 0;
  Area area = Area::staging;
  Bytes offset_bytes = 0;
  Bytes nbytes = 0;
};

/// What is copied out of a range that is read to `Area::passing`, and to whose arena: this rank's, or that of another
/// one of its node.
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
  PlannedCopies places;                        ///< after the exchange
  PlannedCopies scatters;                      ///< while reading; offsets of sources count from the range's begin
  std::vector<ScatterTarget> scatter_targets;  ///< of each of `scatters`, which are in the order of the reads
  Bytes staging_bytes = 0;                     ///< of the slot, on this rank
};

/// One parameter's part on this rank.
struct PlannedShard {
  std::uint32_t parameter = 0;                ///< index into `ModelLayout::parameters`
  DType dtype = DType::f32;                   ///< in memory
  bool transposed = false;                    ///< the last two axes of `layout` are swapped in memory
  std::shared_ptr<ShardLayout const> layout;  ///< one for all that are alike; never null in a plan
  Bytes offset_bytes = 0;                     ///< in the arena
  Bytes nbytes = 0;
};

/// A shard that is a range of a file as it stands there: it is not copied, the file is mapped to its place.
struct PlannedView {
  std::uint32_t file = 0;        ///< index into `Catalog::files`
  Bytes file_offset_bytes = 0;   ///< of the shard's first byte, which need not begin a page
  Bytes arena_offset_bytes = 0;  ///< as far behind the begin of a page as the former; nothing else is in its pages
  Bytes nbytes = 0;
};

/// How one parameter gets to the ranks; the reason can be computed again from `shared`.
struct PlannedParameter {
  Strategy strategy = Strategy::straight;  ///< of its largest shared stretch; straight if it has none
  SharedRead shared;                       ///< that stretch
};

struct RankWork {
  std::string checkpoint;            ///< `Catalog::path` of what was planned
  std::uint64_t fingerprint = 0;     ///< fingerprint_of that catalog
  PlanOptions options;               ///< that the plan was made with, but for `places` and `stored_extents`
  std::vector<PlannedShard> shards;  ///< in the order of the catalog
  std::vector<PlannedView> views;
  std::vector<Wave> waves;              ///< every rank has equally many
  std::vector<PlannedParameter> kinds;  ///< of parameters, each once for all that are planned alike
  std::vector<std::uint32_t> kind_of;   ///< for each of `ModelLayout::parameters`, an index into `kinds`

  /// @param index  of `ModelLayout::parameters`
  PlannedParameter const& parameter(std::size_t index) const { return kinds[kind_of[index]]; }
};

}  // namespace distload
