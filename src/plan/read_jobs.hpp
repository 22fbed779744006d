/// read_jobs: decides the strategy, the readers and the pieces for each segment of a demand.
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

/// A segment and how it is read.
struct ReadJob {
  std::uint32_t segment = 0;  ///< index into `Demand::segments()`
  Strategy strategy = Strategy::straight;
  std::optional<GroupRank> sole_reader = std::nullopt;  ///< reads only its own part; nothing is sent
  bool fills_one_run = false;  ///< is contiguous in the sole reader's shard, and read there in one piece
  bool can_scatter = false;    ///< one rank can copy it to all ranks that want it, if they share a node
};

/// A range of a job that a rank reads as a whole.
struct ReadPiece {
  std::uint32_t job = 0;
  std::uint32_t extent = 0;  ///< counted from the parameter's first
  ByteRange range;
  std::uint32_t ordinal = 0;  ///< among the pieces of its extent
  std::vector<WantedPart> parts;
};

/// The jobs in the order of the demand's segments; one job for each rank of a segment that every rank reads.
std::vector<ReadJob> make_read_jobs(Demand const& demand, PlanRequest const& request);

/// The pieces in the order in which they are read.
std::vector<ReadPiece> make_read_pieces(Demand const& demand, std::span<ReadJob const> jobs, Bytes block_bytes);

/// The strategy of the largest shared segment.
PlannedParameter summarize(Demand const& demand, std::span<ReadJob const> jobs);

}  // namespace distload
