/// read_jobs: by which strategy each segment of a demand is read, by whom, and in which pieces.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "plan/demand/demand.hpp"
#include "plan/plan_request.hpp"
#include "plan/rank_work.hpp"

namespace distload {

/// The n-th rank of a group.
struct GroupRank {
  std::uint32_t group = 0;
  std::uint32_t index = 0;
};

/// A segment with the way it is read.
struct ReadJob {
  std::uint32_t segment = 0;  ///< index into `Demand::segments()`
  Strategy strategy = Strategy::straight;
  std::optional<GroupRank> sole_reader = std::nullopt;  ///< reads it for itself: only its own wants are served
  bool in_one_read = false;                             ///< goes from storage to its place in the sole reader's shard
  bool can_scatter = false;  ///< one rank can copy it to all that want it, if they share a node
};

/// A range of a job that is read at once.
struct ReadPiece {
  std::uint32_t job = 0;
  std::uint32_t extent = 0;  ///< counted from the parameter's first
  ByteRange range;
  std::uint32_t ordinal = 0;  ///< among the pieces of its extent
  std::vector<WantedPart> parts;
};

/// In the order of the demand's segments; one for every rank where each reads for itself.
std::vector<ReadJob> make_read_jobs(Demand const& demand, PlanRequest const& request);

/// In the order in which they are read.
std::vector<ReadPiece> make_read_pieces(Demand const& demand, std::span<ReadJob const> jobs, Bytes block_bytes);

/// How a parameter with these jobs travels: its largest shared segment.
PlannedParameter summarize(Demand const& demand, std::span<ReadJob const> jobs);

}  // namespace distload
