// The decisions of make_plan.
#include "plan/planner.hpp"

#include <algorithm>
#include <cassert>

#include <distload/base/error.hpp>

namespace distload {
namespace {

/// What a rank verifies of mapped files before it is copied from there: such that it is still in the cache.
constexpr Bytes kMappedWaveBytes = 8 * kMiB;

Bytes slot_limit(PlanOptions const& options, Bytes block_bytes) {
  if (!options.files_are_mapped) return options.staging_bytes;
  return std::max(kMappedWaveBytes, block_bytes);
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
      audiences_(topology),
      kinds_(0, AlikeParameters(catalog, layout, options), AlikeParameters(catalog, layout, options)),
      read_bytes_(topology.ranks()),
      kept_bytes_(topology.ranks()),
      one_node_(std::ranges::adjacent_find(options.node_of, std::ranges::not_equal_to()) == options.node_of.end()),
      scheduler_(topology.ranks(), slot_limit(options, catalog.block_bytes)) {
  assert(rank < topology.ranks());
  auto const minimum = kMinimumStagingBlocks * catalog.block_bytes;
  if (options.staging_bytes < minimum) {
    throw ConfigError("load.staging is " + format_bytes(options.staging_bytes) + ", but at least " +
                      format_bytes(minimum) + " is needed");
  }
  for (std::uint32_t other = 0; other < topology.ranks(); ++other) {
    bool const is_peer = options.writes_to_peers && node_of(other) == node_of(rank);
    if (other == rank || is_peer) arenas_.push_back({other, 0, {}});
  }
  if (options.files_are_mapped) mapped_offsets_ = mapped_offsets(catalog);
}

LoadPlan Planner::run() && {
  plan_.topology = topology_;
  plan_.rank = rank_;
  plan_.ranks.resize(topology_.ranks());
  plan_.kind_of.reserve(layout_.parameters.size());
  for (std::uint32_t index = 0; index < layout_.parameters.size(); ++index) plan_parameter(index);

  plan_.shards.shrink_to_fit();
  plan_.kinds.shrink_to_fit();
  builders_.resize(scheduler_.waves());
  plan_.waves.reserve(builders_.size());
  for (auto& builder : builders_) plan_.waves.push_back(std::move(builder).finish());
  total_up();
  for (auto const& wave : plan_.waves) plan_.slot_bytes = std::max(plan_.slot_bytes, wave.staging_bytes);
  plan_.slots = slots_in_use();
  check_memory();
  predict();
  return std::move(plan_);
}

void Planner::plan_parameter(std::uint32_t index) {
  auto& kind = kind_of(index);
  auto at = context_of(index, kind);
  at.audiences = audiences_of(kind, at.parameter.stages);
  if (on_stage_of(at.parameter, rank_)) at.own_group = at.holders.group_of(rank_);
  reserve_arenas(at);

  plan_.requested_bytes += at.tensor.nbytes();
  plan_.kind_of.push_back(kind.number);
  if (options_.files_are_mapped) {
    for (auto const& task : kind.tasks) {
      auto const& job = kind.jobs[task.job];
      if (job.alone) {
        plan_read_or_view(at, job, task);
      } else if (job.strategy == Strategy::scatter) {
        plan_scatter_task(at, job, task);
      } else {
        plan_mapped_task(at, job, task);
      }
    }
    return;
  }
  auto const readers = readers_of(at);
  for (auto const& task : kind.tasks) {
    auto const& job = kind.jobs[task.job];
    auto const& reader = readers[task.job];
    if (job.scatters && share_a_node(at, job)) {
      plan_scatter_task(at, job, task);
    } else {
      plan_task(at, job, task, reader ? *reader : least_loaded(at, job));
    }
  }
}

Planner::Context Planner::context_of(std::uint32_t index, Kind const& kind) const {
  auto const& parameter = layout_.parameters[index];
  auto const& tensor = catalog_.tensors[parameter.tensor];
  auto const dtype = options_.dtype_in_memory(parameter, tensor.dtype);
  return {index, parameter, tensor, size_of(tensor.dtype), dtype, kind, kind.holders, {}, {}, {}};
}

std::span<AudienceId const> Planner::audiences_of(Kind& kind, std::vector<std::uint32_t> const& stages) {
  auto const known = kind.audiences.find(stages);
  if (known != kind.audiences.end()) return known->second;
  return kind.audiences.emplace(stages, audiences_.of(kind.holders, stages)).first->second;
}

std::span<std::uint32_t const> Planner::ranks_of(Context const& at, std::uint32_t group) const {
  return audiences_[at.audiences[group]].ranks;
}

bool Planner::on_stage_of(Parameter const& parameter, std::uint32_t rank) const noexcept {
  return std::ranges::find(parameter.stages, rank / topology_.stage_ranks()) != parameter.stages.end();
}

Bytes Planner::reserved_for(Context const& at, std::uint32_t group) const {
  auto const nbytes = volume(at.holders.groups()[group].layout.shape) * size_of(at.dtype);
  // A view has its pages to itself, wherever in a page it begins.
  return at.kind.whole[group] ? round_up(nbytes, options_.page_bytes) + 2 * options_.page_bytes
                              : round_up(nbytes, kShardAlignment);
}

Planner::Position Planner::position_of(Context const& at, std::uint32_t group, ArenaOnNode const& arena) const {
  auto const places = options_.places.find(arena.rank);
  auto const place = places == options_.places.end() ? std::nullopt : places->second[at.index];
  auto const& whole = at.kind.whole[group];
  Position position{place ? place->offset_bytes : arena.nbytes, false};
  if (!whole || (place && !place->has_own_pages)) return position;
  auto const page = options_.page_bytes;
  auto const in_page = file_offset_of(at, *whole) % page;
  if (!place) position.offset = round_up(position.offset, page) + in_page;
  position.is_view = position.offset % page == in_page;
  return position;
}

void Planner::reserve_arenas(Context& at) {
  for (std::uint32_t group = 0; group < at.audiences.size(); ++group) {
    auto const reserved = reserved_for(at, group);
    audiences_[at.audiences[group]].resident_bytes += reserved;
    if (at.kind.whole[group]) audiences_[at.audiences[group]].view_bytes += reserved;
  }
  for (auto& arena : arenas_) {
    auto const group = on_stage_of(at.parameter, arena.rank) ? at.holders.group_of(arena.rank) : std::nullopt;
    if (!group) continue;
    arena.position = position_of(at, *group, arena);
    arena.nbytes += reserved_for(at, *group);
    if (arena.rank != rank_) continue;
    at.own = arena.position;
    plan_.arena_bytes = arena.nbytes;
    auto const nbytes = volume(at.holders.groups()[*group].layout.shape) * size_of(at.dtype);
    plan_.shards.push_back({at.index, at.dtype, at.parameter.transposed, at.kind.own_layout, at.own.offset, nbytes});
    if (!at.own.is_view) continue;
    auto const& whole = *at.kind.whole[*group];
    auto const file = catalog_.extents[at.tensor.first_extent + whole.extent].file;
    plan_.views.push_back({file, file_offset_of(at, whole), at.own.offset, nbytes});
  }
}

std::vector<std::optional<std::uint32_t>> Planner::readers_of(Context const& at) const {
  std::vector<std::optional<std::uint32_t>> readers;
  readers.reserve(at.kind.jobs.size());
  for (auto const& job : at.kind.jobs) {
    if (job.alone) {
      readers.emplace_back(ranks_of(at, job.alone->group)[job.alone->number]);
    } else if (job.strategy == Strategy::broadcast) {
      readers.emplace_back(least_loaded(at, job));
    } else {
      readers.emplace_back();
    }
  }
  return readers;
}

std::uint32_t Planner::least_loaded(Context const& at, Job const& job) const {
  std::optional<std::uint32_t> best;
  for (auto const index : job.segment.wants) {
    for (auto const rank : ranks_of(at, at.wants_of(job.extent)[index].group)) {
      if (!best || read_bytes_[rank] < read_bytes_[*best]) best = rank;
    }
  }
  return *best;
}

std::vector<Planner::Share> Planner::shares_of(Context const& at, Job const& job, Task const& task) const {
  auto const boxes = boxes_in(at, job, task);
  std::vector<Share> shares;
  for (auto const index : job.segment.wants) {
    auto const& want = at.wants_of(job.extent)[index];
    if (job.alone && job.alone->group != want.group) continue;
    auto const& group = at.holders.groups()[want.group];
    auto const& piece = group.layout.pieces[want.piece];
    Share share{index, 0, std::nullopt, false};
    bool consecutive = true;
    for (auto const& box : boxes) {
      auto const common = intersection(box, want.box);
      if (!common) continue;
      // Consecutive in the shard: each box is one run there and begins where the one before it ended.
      Box const local{local_position(piece, common->offset), common->extent};
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
  auto const& extent = catalog_.extents[at.tensor.first_extent + job.extent];
  auto boxes = boxes_of_range(extent.box.extent, task.begin / at.element_bytes, task.end / at.element_bytes);
  for (auto& box : boxes) box.offset = plus(box.offset, extent.box.offset);
  return boxes;
}

void Planner::plan_task(Context const& at, Job const& job, Task const& task, std::uint32_t reader) {
  // What each rank needs in its slot. The readers' and receivers' needs follow from the same shares on every rank.
  auto const reader_bytes = count_bytes(at, job, task, reader);
  auto const reader_group = at.holders.group_of(reader);
  needs_.clear();
  needs_.push_back({{&reader, 1}, reader_bytes});
  auto const add = [&](std::span<std::uint32_t const> ranks, Bytes nbytes) {
    if (!ranks.empty()) needs_.push_back({ranks, nbytes});
  };
  for (auto const& received : task.received) {
    auto const ranks = ranks_of(at, received.group);
    if (received.group != reader_group) {
      add(ranks, received.packed_bytes);
      continue;
    }
    auto const before = static_cast<std::size_t>(std::ranges::lower_bound(ranks, reader) - ranks.begin());
    add(ranks.first(before), received.packed_bytes);
    add(ranks.subspan(before + 1), received.packed_bytes);
  }
  check_slot(at, needs_);
  auto const wave = needs_.size() == 1 && reader_bytes == 0 ? scheduler_.current(reader) : scheduler_.place(needs_);
  if (reader == rank_) {
    emit_reader(at, task, job, task.shares, wave);
  } else if (!job.alone && at.own_group) {
    emit_receiver(at, task, job, task.shares, reader, wave);
  }
}

Bytes Planner::count_bytes(Context const& at, Job const& job, Task const& task, std::uint32_t reader) {
  auto const nbytes = task.end - task.begin;
  auto const reader_group = at.holders.group_of(reader);
  auto& load = plan_.ranks[reader];
  read_bytes_[reader] += nbytes;
  ++load.requests;

  auto staging = round_up(nbytes, kStagingAlignment);
  Bytes packed = 0;
  for (auto const& share : task.shares) {
    auto const group = at.wants_of(job.extent)[share.want].group;
    auto const is_own = group == reader_group;
    if (is_own && share.arena_run && options_.arena_on_host) staging = 0;
    if (job.alone) continue;
    auto& audience = audiences_[at.audiences[group]];
    auto const receivers = audience.ranks.size() - (is_own ? 1 : 0);
    if (receivers > 0) packed += share.packed_bytes();
    load.sent_bytes += receivers * share.nbytes;
    message_bytes_ += receivers * share.nbytes;
    audience.received_bytes += share.nbytes;
    if (is_own) kept_bytes_[reader] += share.nbytes;
  }
  return staging + packed;
}

void Planner::total_up() {
  for (auto const& audience : audiences_.all()) {
    for (auto const rank : audience.ranks) {
      plan_.ranks[rank].resident_bytes += audience.resident_bytes;
      plan_.ranks[rank].view_bytes += audience.view_bytes;
      plan_.ranks[rank].received_bytes += audience.received_bytes;
    }
  }
  for (std::uint32_t rank = 0; rank < topology_.ranks(); ++rank) {
    auto& load = plan_.ranks[rank];
    load.received_bytes -= kept_bytes_[rank];
    load.read_bytes = read_bytes_[rank];
    load.staging_bytes = options_.files_are_mapped ? 0 : scheduler_.peak_bytes(rank);
    plan_.storage_read_bytes += load.read_bytes;
    plan_.exchanged_bytes += load.sent_bytes;
  }
  plan_.has_messages = message_bytes_ > 0;
  plan_.writes_to_peers = plan_.exchanged_bytes > message_bytes_;
}

}  // namespace distload
