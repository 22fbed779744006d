// Selects the strategy of each segment and divides it into pieces.
#include "plan/read_jobs.hpp"

#include <algorithm>

namespace distload {
namespace {

/// True if one rank of a node can copy the segment to all of its ranks that want it. False if type or order changes or
/// the runs are small: then each rank reads for itself.
bool can_scatter(Demand const& demand, DemandedSegment const& demanded, PlanOptions const& options) {
  // Kernels copy with any strides and casts. A sole reader needs no other arena.
  if (!options.arena_on_host) return options.writes_to_peers && demanded.shared.readers > 1;
  if (!options.shows_passing || !demand.is_verbatim()) return false;
  if (demanded.shared.readers == 1) return true;
  if (!options.writes_to_peers) return false;
  return std::ranges::all_of(demanded.segment.wants, [&](std::uint32_t index) {
    auto const& want = demand.wants_of(demanded.extent)[index];
    auto const& layout = demand.layout_of(want.group);
    return is_contiguous_in(layout.shape,
                            {local_position(layout.pieces[want.piece], want.box.offset), want.box.extent});
  });
}

/// True if only one want needs the segment, and it is stored as it lies in one range of the shard.
bool fills_one_run(Demand const& demand, DemandedSegment const& demanded, PlanOptions const& options) {
  auto const& segment = demanded.segment;
  if (!options.arena_on_host || segment.wants.size() != 1) return false;
  auto const parts = demand.parts_of(demanded, {segment.begin_bytes, segment.end_bytes});
  return parts.size() == 1 && parts.front().shard_run.has_value();
}

Strategy strategy_of(SharedRead const& shared, bool fills_one_run, bool can_scatter, PlanRequest const& request) {
  auto const& options = request.options;
  if (shared.readers == 1) {
    if (fills_one_run) return Strategy::straight;
    if (can_scatter) return Strategy::scatter;
  }
  if (can_scatter && (options.files_are_mapped || request.one_node)) return Strategy::scatter;
  return options.files_are_mapped ? Strategy::mapped : choose_strategy(shared, options.cost);
}

/// The ranks that read only for themselves; empty if one rank reads for several.
std::vector<GroupRank> sole_readers(Demand const& demand, DemandedSegment const& demanded, Strategy strategy) {
  if (strategy == Strategy::straight) return {{demanded.groups.front(), 0}};
  std::vector<GroupRank> readers;
  if (strategy != Strategy::every_rank_reads) return readers;
  for (auto const group : demanded.groups) {
    for (std::uint32_t index = 0; index < demand.holders().rank_count(group); ++index) {
      readers.push_back({group, index});
    }
  }
  return readers;
}

std::vector<Bytes> boundaries_of(Demand const& demand, ReadJob const& job, Bytes block_bytes) {
  auto const& [extent, segment, groups, shared] = demand.segments()[job.segment];
  if (job.fills_one_run) return {segment.begin_bytes, segment.end_bytes};
  return cut_into_pieces(demand.extents()[extent], segment.begin_bytes, segment.end_bytes,
                         demand.stored_element_bytes(), block_bytes);
}

}  // namespace

std::vector<ReadJob> make_read_jobs(Demand const& demand, PlanRequest const& request) {
  std::vector<ReadJob> jobs;
  auto const segments = demand.segments();
  for (std::uint32_t index = 0; index < segments.size(); ++index) {
    auto const& demanded = segments[index];
    bool const one_run = fills_one_run(demand, demanded, request.options);
    bool const scatters = can_scatter(demand, demanded, request.options);
    auto const strategy = strategy_of(demanded.shared, one_run, scatters, request);
    auto const readers = sole_readers(demand, demanded, strategy);
    for (auto const& reader : readers) {
      jobs.push_back({.segment = index, .strategy = strategy, .sole_reader = reader, .fills_one_run = one_run});
    }
    if (readers.empty()) jobs.push_back({.segment = index, .strategy = strategy, .can_scatter = scatters});
  }
  return jobs;
}

std::vector<ReadPiece> make_read_pieces(Demand const& demand, std::span<ReadJob const> jobs, Bytes block_bytes) {
  std::vector<ReadPiece> pieces;
  std::vector<std::uint32_t> count_of_extent(demand.extents().size(), 0);
  for (std::uint32_t index = 0; index < jobs.size(); ++index) {
    auto const& job = jobs[index];
    auto const& demanded = demand.segments()[job.segment];
    auto const only_group = job.sole_reader ? std::optional(job.sole_reader->group) : std::nullopt;
    auto const boundaries = boundaries_of(demand, job, block_bytes);
    for (std::size_t i = 0; i + 1 < boundaries.size(); ++i) {
      ByteRange const range{boundaries[i], boundaries[i + 1]};
      pieces.push_back({.job = index,
                        .extent = demanded.extent,
                        .range = range,
                        .ordinal = count_of_extent[demanded.extent]++,
                        .parts = demand.parts_of(demanded, range, only_group)});
    }
  }
  // Round robin over the extents: their readers differ, and all of them should have work in each wave.
  if (demand.extents().size() > 1) std::ranges::stable_sort(pieces, {}, &ReadPiece::ordinal);
  return pieces;
}

PlannedParameter summarize(Demand const& demand, std::span<ReadJob const> jobs) {
  PlannedParameter planned;
  for (auto const& job : jobs) {
    auto const& shared = demand.segments()[job.segment].shared;
    bool const is_first_shared = planned.strategy == Strategy::straight && job.strategy != Strategy::straight;
    if (shared.nbytes > planned.shared.nbytes || is_first_shared) {
      planned = {.strategy = job.strategy, .shared = shared};
    }
  }
  return planned;
}

}  // namespace distload
