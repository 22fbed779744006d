// The decisions of make_plan.
#include "plan/planner.hpp"

#include <algorithm>
#include <cassert>

#include <distload/base/error.hpp>

namespace distload {
namespace {

Dims minus(Dims const& a, Dims const& b) {
  auto result = a;
  for (std::size_t axis = 0; axis < a.size(); ++axis) result[axis] -= b[axis];
  return result;
}

/// One entry per rank. Only parameters of several sections name a rank more than once.
void merge_needs(std::vector<StagingNeed>& needs) {
  std::stable_sort(needs.begin(), needs.end(),
                   [](StagingNeed const& a, StagingNeed const& b) { return a.rank < b.rank; });
  std::size_t kept = 0;
  for (std::size_t i = 1; i < needs.size(); ++i) {
    if (needs[i].rank == needs[kept].rank) {
      needs[kept].nbytes += needs[i].nbytes;
    } else {
      needs[++kept] = needs[i];
    }
  }
  needs.resize(kept + 1);
}

Dims plus(Dims const& a, Dims const& b) {
  auto result = a;
  for (std::size_t axis = 0; axis < a.size(); ++axis) result[axis] += b[axis];
  return result;
}

}  // namespace

Planner::Planner(Catalog const& catalog, ModelLayout const& layout, Topology const& topology, std::uint32_t rank,
                 PlanOptions const& options)
    : catalog_(catalog),
      layout_(layout),
      topology_(topology),
      rank_(rank),
      options_(options),
      scheduler_(topology.ranks(), options.staging_bytes) {
  assert(rank < topology.ranks());
  auto const minimum = kMinimumStagingBlocks * catalog.block_bytes;
  if (options.staging_bytes < minimum) {
    throw ConfigError("load.staging is " + format_bytes(options.staging_bytes) + ", but at least " +
                      format_bytes(minimum) + " is needed");
  }
}

LoadPlan Planner::run() && {
  plan_.topology = topology_;
  plan_.rank = rank_;
  plan_.ranks.resize(topology_.ranks());
  plan_.parameters.resize(layout_.parameters.size());
  for (std::uint32_t index = 0; index < layout_.parameters.size(); ++index) plan_parameter(index);

  builders_.resize(scheduler_.waves());
  for (auto& builder : builders_) plan_.waves.push_back(std::move(builder).finish());
  for (std::uint32_t rank = 0; rank < topology_.ranks(); ++rank) {
    auto& load = plan_.ranks[rank];
    load.staging_bytes = scheduler_.peak_bytes(rank);
    plan_.storage_read_bytes += load.read_bytes;
    plan_.exchanged_bytes += load.sent_bytes;
  }
  plan_.arena_bytes = plan_.ranks[rank_].resident_bytes;
  for (auto const& wave : plan_.waves) plan_.slot_bytes = std::max(plan_.slot_bytes, wave.staging_bytes);
  plan_.slots = slots_in_use();
  check_memory();
  predict();
  return std::move(plan_);
}

void Planner::plan_parameter(std::uint32_t index) {
  auto const& parameter = layout_.parameters[index];
  auto const& tensor = catalog_.tensors[parameter.tensor];
  Context at{index,
             parameter,
             tensor,
             size_of(tensor.dtype),
             options_.dtype_in_memory(parameter, tensor.dtype),
             Holders(parameter, tensor.shape, topology_),
             {},
             {},
             0,
             {}};
  for (std::uint32_t group = 0; group < at.holders.groups().size(); ++group)
    at.ranks.push_back(at.holders.ranks_of(group));
  at.own_group = at.holders.group_of(rank_);
  at.arena_offset = plan_.ranks[rank_].resident_bytes;
  reserve_arena(at);

  plan_.requested_bytes += tensor.nbytes();
  if (tensor.nbytes() == 0) return;
  for (auto const& extent : catalog_.extents_of(tensor)) at.wants.push_back(at.holders.wants_in(extent.box));
  auto const jobs = jobs_of(at);
  for (auto const& task : tasks_of(at, jobs)) plan_task(at, jobs[task.job], task);
}

void Planner::reserve_arena(Context const& at) {
  for (std::uint32_t group = 0; group < at.ranks.size(); ++group) {
    auto const& shard = at.holders.groups()[group].layout;
    auto const nbytes = volume(shard.shape) * size_of(at.dtype);
    for (auto const rank : at.ranks[group]) plan_.ranks[rank].resident_bytes += round_up(nbytes, kShardAlignment);
    if (at.own_group == group)
      plan_.shards.push_back({at.index, at.dtype, shard, at.arena_offset, nbytes, at.parameter.transposed});
  }
}

std::vector<Planner::Job> Planner::jobs_of(Context const& at) {
  std::vector<Job> jobs;
  auto& planned = plan_.parameters[at.index];
  for (std::uint32_t i = 0; i < at.tensor.extent_count; ++i) {
    auto const extent = at.tensor.first_extent + i;
    for (auto& segment : segments_of(catalog_.extents[extent], at.wants[i], at.element_bytes, catalog_.block_bytes)) {
      auto const shared = shared_read(at, extent, segment);
      auto const strategy = choose_strategy(shared, options_.cost);
      if (shared.nbytes > planned.shared.nbytes ||
          (planned.strategy == Strategy::straight && strategy != Strategy::straight)) {
        planned = {strategy, shared};
      }
      if (strategy == Strategy::every_rank_reads) {
        for (auto const group : groups_of(at, extent, segment)) {
          for (auto const rank : at.ranks[group]) jobs.push_back({extent, segment, strategy, rank, true});
        }
      } else if (strategy == Strategy::straight) {
        auto const sole = at.ranks[at.wants[i][segment.wants.front()].group].front();
        jobs.push_back({extent, std::move(segment), strategy, sole, true});
      } else if (strategy == Strategy::broadcast) {
        auto const reader = least_loaded(at, extent, segment);
        jobs.push_back({extent, std::move(segment), strategy, reader, false});
      } else {
        jobs.push_back({extent, std::move(segment), strategy, std::nullopt, false});
      }
    }
  }
  return jobs;
}

std::vector<std::uint32_t> Planner::groups_of(Context const& at, std::uint32_t extent, Segment const& segment) const {
  std::vector<std::uint32_t> groups;
  for (auto const want : segment.wants) groups.push_back(at.wants_of(extent)[want].group);
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  return groups;
}

SharedRead Planner::shared_read(Context const& at, std::uint32_t extent, Segment const& segment) const {
  SharedRead shared;
  shared.nbytes = segment.nbytes();
  shared.pieces = (segment.nbytes() + catalog_.block_bytes - 1) / catalog_.block_bytes;
  for (auto const index : segment.wants) {
    auto const& want = at.wants_of(extent)[index];
    // A want that reaches beyond the segment counts with what can lie inside.
    auto const most = std::min(volume(want.box) * at.element_bytes, segment.nbytes());
    shared.wanted_bytes += at.holders.rank_count(want.group) * most;
  }
  shared.readers = 0;
  for (auto const group : groups_of(at, extent, segment)) shared.readers += at.holders.rank_count(group);
  shared.reread_bytes = shared.readers * segment.nbytes();
  shared.wanted_bytes = std::min(shared.wanted_bytes, shared.reread_bytes);
  return shared;
}

bool Planner::reads_straight(Context const& at, Job const& job) const {
  if (!options_.arena_on_host || !job.alone || job.segment.wants.size() != 1) return false;
  auto const shares = shares_of(at, job, {0, job.segment.begin_bytes, job.segment.end_bytes, 0});
  return shares.size() == 1 && shares.front().arena_run.has_value();
}

std::vector<Planner::Task> Planner::tasks_of(Context const& at, std::span<Job const> jobs) const {
  std::vector<Task> tasks;
  std::vector<std::uint32_t> pieces(at.tensor.extent_count, 0);
  for (std::uint32_t index = 0; index < jobs.size(); ++index) {
    auto const& job = jobs[index];
    auto& ordinal = pieces[job.extent - at.tensor.first_extent];
    if (reads_straight(at, job)) {
      tasks.push_back({index, job.segment.begin_bytes, job.segment.end_bytes, ordinal++});
      continue;
    }
    auto const boundaries = cut_into_pieces(catalog_.extents[job.extent], job.segment.begin_bytes,
                                            job.segment.end_bytes, at.element_bytes, catalog_.block_bytes);
    for (std::size_t i = 0; i + 1 < boundaries.size(); ++i)
      tasks.push_back({index, boundaries[i], boundaries[i + 1], ordinal++});
  }
  // Round robin over the extents: their readers differ, and each wave shall keep all of them busy.
  if (at.tensor.extent_count > 1) {
    std::stable_sort(tasks.begin(), tasks.end(), [](Task const& a, Task const& b) { return a.ordinal < b.ordinal; });
  }
  return tasks;
}

std::uint32_t Planner::least_loaded(Context const& at, std::uint32_t extent, Segment const& segment) const {
  std::optional<std::uint32_t> best;
  for (auto const index : segment.wants) {
    for (auto const rank : at.ranks[at.wants_of(extent)[index].group]) {
      if (!best || plan_.ranks[rank].read_bytes < plan_.ranks[*best].read_bytes) best = rank;
    }
  }
  return *best;
}

std::vector<Planner::Share> Planner::shares_of(Context const& at, Job const& job, Task const& task) const {
  auto const boxes = boxes_in(at, job, task);
  std::vector<Share> shares;
  for (auto const index : job.segment.wants) {
    auto const& want = at.wants_of(job.extent)[index];
    if (job.alone && at.holders.group_of(*job.reader) != want.group) continue;
    auto const& group = at.holders.groups()[want.group];
    auto const& piece = group.layout.pieces[want.piece];
    Share share{index, 0, std::nullopt, false};
    bool consecutive = true;
    for (auto const& box : boxes) {
      auto const common = intersection(box, want.box);
      if (!common) continue;
      // Consecutive in the shard: each box is one run there and begins where the one before it ended.
      Box const local{plus(piece.local_offset, minus(common->offset, piece.global.offset)), common->extent};
      auto const run = linear_index(group.layout.shape, local.offset) * at.element_bytes;
      if (share.nbytes == 0) share.arena_run = run;
      consecutive =
          consecutive && is_contiguous_in(group.layout.shape, local) && run == *share.arena_run + share.nbytes;
      share.nbytes += volume(*common) * at.element_bytes;
    }
    if (share.nbytes == 0) continue;
    if (!consecutive || at.is_cast() || at.parameter.transposed || share.nbytes != task.end - task.begin)
      share.arena_run.reset();
    share.in_place = share.arena_run && share.nbytes >= options_.in_place_bytes;
    shares.push_back(share);
  }
  return shares;
}

std::vector<Box> Planner::boxes_in(Context const& at, Job const& job, Task const& task) const {
  auto const& extent = catalog_.extents[job.extent];
  auto boxes = boxes_of_range(extent.box.extent, task.begin / at.element_bytes, task.end / at.element_bytes);
  for (auto& box : boxes) box.offset = plus(box.offset, extent.box.offset);
  return boxes;
}

void Planner::plan_task(Context const& at, Job const& job, Task const& task) {
  auto const reader = job.reader ? *job.reader : least_loaded(at, job.extent, job.segment);
  auto const shares = shares_of(at, job, task);
  auto const nbytes = task.end - task.begin;
  auto const reader_group = at.holders.group_of(reader);
  auto const& wants = at.wants_of(job.extent);

  // What each rank needs in its slot. The readers' and receivers' needs follow from the same shares on every rank.
  std::vector<StagingNeed> needs{{reader, 0}};
  bool straight = false;
  for (auto const& share : shares) {
    auto const group = wants[share.want].group;
    if (group == reader_group && share.arena_run && options_.arena_on_host) straight = true;
    if (job.alone) continue;
    auto const& ranks = at.ranks[group];
    auto const packed = share.in_place ? 0 : round_up(share.nbytes, kStagingAlignment);
    if (ranks.size() > (group == reader_group ? 1U : 0U)) needs.front().nbytes += packed;
    for (auto const rank : ranks) {
      if (rank == reader) continue;
      plan_.ranks[reader].sent_bytes += share.nbytes;
      plan_.ranks[rank].received_bytes += share.nbytes;
      needs.push_back({rank, packed});
    }
  }
  if (!straight) needs.front().nbytes += round_up(nbytes, kStagingAlignment);
  plan_.ranks[reader].read_bytes += nbytes;
  ++plan_.ranks[reader].requests;

  merge_needs(needs);
  check_slot(at, needs);
  auto const wave =
      needs.size() == 1 && needs.front().nbytes == 0 ? scheduler_.current(reader) : scheduler_.place(needs);
  if (reader == rank_) {
    emit_reader(at, task, job, shares, wave);
  } else if (!job.alone && at.own_group) {
    emit_receiver(at, task, job, shares, reader, wave);
  }
}

}  // namespace distload
