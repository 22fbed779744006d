// What the own rank has to do for one task, as reader or as receiver; and the plan's totals.
#include <algorithm>

#include <distload/base/error.hpp>

#include "plan/planner.hpp"

#include "base/text.hpp"

namespace distload {
namespace {

Dims relative(Dims const& position, Dims const& origin) {
  auto result = position;
  for (std::size_t axis = 0; axis < result.size(); ++axis) result[axis] -= origin[axis];
  return result;
}

}  // namespace

Dims local_position(Piece const& piece, Dims const& global) {
  auto position = piece.local_offset;
  for (std::size_t axis = 0; axis < position.size(); ++axis) position[axis] += global[axis] - piece.global.offset[axis];
  return position;
}

WaveBuilder& Planner::builder(std::uint32_t wave) {
  if (builders_.size() <= wave) builders_.resize(wave + 1);
  return builders_[wave];
}

void Planner::emit_reader(Context const& at, Task const& task, Job const& job, std::span<Share const> shares,
                          std::uint32_t wave) {
  auto& out = builder(wave);
  auto const nbytes = task.end - task.begin;
  auto const& wants = at.wants_of(job.extent);
  auto const extent = at.tensor.first_extent + job.extent;

  Area area = Area::staging;
  Bytes offset = 0;
  for (auto const& share : shares) {
    if (at.own_group == wants[share.want].group && share.arena_run && options_.arena_on_host) {
      area = Area::arena;
      offset = at.own.offset + *share.arena_run;
    }
  }
  if (area == Area::arena) {
    out.read_to_arena(extent, task.begin, nbytes, offset);
  } else {
    offset = out.read_to_staging(extent, task.begin, nbytes);
  }

  for (auto const& share : shares) {
    auto const& want = wants[share.want];
    if (at.own_group == want.group && area == Area::staging) {
      for (auto const& copy : copies_from_piece(at, job, task, want, Area::staging, offset, at.own.offset)) {
        out.place(copy);
      }
    }
    if (job.alone) continue;
    auto const ranks = ranks_of(at, want.group);
    std::vector<std::uint32_t> peers(ranks.begin(), ranks.end());
    std::erase(peers, rank_);
    if (peers.empty()) continue;
    if (share.in_place) {
      out.send_in_place(peers, area, offset, nbytes);
    } else {
      out.send_packed(at.audiences[want.group], peers, copies_to_message(at, job, task, want, area, offset),
                      share.nbytes);
    }
  }
}

void Planner::emit_receiver(Context const& at, Task const& task, Job const& job, std::span<Share const> shares,
                            std::uint32_t reader, std::uint32_t wave) {
  for (auto const& share : shares) {
    auto const& want = at.wants_of(job.extent)[share.want];
    if (at.own_group != want.group) continue;
    if (share.in_place) {
      builder(wave).receive_in_place(reader, at.own.offset + *share.arena_run, share.nbytes);
    } else {
      builder(wave).receive_packed(reader, at.audiences[want.group], copies_from_message(at, job, task, want),
                                   share.nbytes);
    }
  }
}

PlannedCopy Planner::place_copy(Context const& at, Area area, Placed const& source, Placed const& destination,
                                Dims const& extent) const {
  PlannedCopy place{
      area, Area::arena, make_strided_copy(source, at.element_bytes, destination, size_of(at.dtype), extent), {}};
  if (at.is_cast()) place.cast = Cast{at.tensor.dtype, at.dtype};
  return place;
}

std::vector<PlannedCopy> Planner::copies_from_piece(Context const& at, Job const& job, Task const& task,
                                                    Want const& want, Area area, Bytes source_offset,
                                                    Bytes arena_offset) const {
  auto const& layout = at.holders.groups()[want.group].layout;
  std::vector<PlannedCopy> copies;
  for (auto const& box : boxes_in(at, job, task)) {
    if (auto const common = intersection(box, want.box)) {
      Placed const source{box.extent, relative(common->offset, box.offset), source_offset};
      Placed const destination{layout.shape, local_position(layout.pieces[want.piece], common->offset), arena_offset,
                               at.parameter.transposed};
      copies.push_back(place_copy(at, area, source, destination, common->extent));
    }
    source_offset += volume(box) * at.element_bytes;
  }
  return copies;
}

std::vector<PlannedCopy> Planner::copies_to_message(Context const& at, Job const& job, Task const& task,
                                                    Want const& want, Area source_area, Bytes source_offset) const {
  std::vector<PlannedCopy> copies;
  Bytes message_offset = 0;
  for (auto const& box : boxes_in(at, job, task)) {
    if (auto const common = intersection(box, want.box)) {
      Placed const source{box.extent, relative(common->offset, box.offset), source_offset};
      Placed const destination{common->extent, Dims::filled(common->extent.size(), 0), message_offset};
      copies.push_back(
          {source_area, Area::staging, make_strided_copy(source, destination, common->extent, at.element_bytes), {}});
      message_offset += volume(*common) * at.element_bytes;
    }
    source_offset += volume(box) * at.element_bytes;
  }
  return copies;
}

std::vector<PlannedCopy> Planner::copies_from_message(Context const& at, Job const& job, Task const& task,
                                                      Want const& want) const {
  auto const& layout = at.holders.groups()[want.group].layout;
  std::vector<PlannedCopy> copies;
  Bytes message_offset = 0;
  for (auto const& box : boxes_in(at, job, task)) {
    auto const common = intersection(box, want.box);
    if (!common) continue;
    Placed const source{common->extent, Dims::filled(common->extent.size(), 0), message_offset};
    Placed const destination{layout.shape, local_position(layout.pieces[want.piece], common->offset), at.own.offset,
                             at.parameter.transposed};
    copies.push_back(place_copy(at, Area::staging, source, destination, common->extent));
    message_offset += volume(*common) * at.element_bytes;
  }
  return copies;
}

void Planner::check_slot(Context const& at, std::span<StagingNeed const> needs) const {
  auto const worst =
      std::max_element(needs.begin(), needs.end(), [](auto const& a, auto const& b) { return a.nbytes < b.nbytes; });
  if (worst->nbytes <= scheduler_.slot_limit()) return;
  throw OutOfBudget("one piece of " + printable(at.tensor.name) + " needs " + format_bytes(worst->nbytes) +
                    " of staging on rank " + std::to_string(worst->ranks.front()) + ", but load.staging is " +
                    format_bytes(scheduler_.slot_limit()) + ": " +
                    format_bytes(worst->nbytes - scheduler_.slot_limit()) + " short; set load.staging to " +
                    std::to_string(worst->nbytes) + " B or more");
}

std::uint32_t Planner::slots_in_use() const noexcept { return std::min(options_.slots, scheduler_.waves()); }

void Planner::check_memory() const {
  if (!options_.memory_limit) return;
  auto const slots = slots_in_use();
  auto const is_new = options_.places.empty();
  auto const needed_by = [&](RankLoad const& load) {
    return (is_new ? load.resident_bytes - load.view_bytes : 0) + slots * load.staging_bytes;
  };
  auto const worst = std::max_element(plan_.ranks.begin(), plan_.ranks.end(),
                                      [&](auto const& a, auto const& b) { return needed_by(a) < needed_by(b); });
  auto const needed = needed_by(*worst);
  auto const limit = *options_.memory_limit;
  if (needed <= limit) return;

  auto const rank = static_cast<std::uint32_t>(worst - plan_.ranks.begin());
  // The tensor to name: the largest shard of that rank.
  Bytes largest = 0;
  std::string name;
  for (auto const& parameter : layout_.parameters) {
    auto const& tensor = catalog_.tensors[parameter.tensor];
    if (!on_stage_of(parameter, rank)) continue;
    Holders const holders(parameter, tensor.shape, topology_);
    auto const group = holders.group_of(rank);
    if (!group) continue;
    auto const nbytes =
        volume(holders.groups()[*group].layout.shape) * size_of(options_.dtype_in_memory(parameter, tensor.dtype));
    if (nbytes > largest) {
      largest = nbytes;
      name = tensor.name;
    }
  }
  throw OutOfBudget("rank " + std::to_string(rank) + " needs " + format_bytes(needed) + " (" +
                    format_bytes(worst->resident_bytes) + " of shards and " + std::to_string(slots) +
                    " staging slots of " + format_bytes(worst->staging_bytes) + ", the largest shard being " + name +
                    " with " + format_bytes(largest) + "), but load.memory_limit is " + format_bytes(limit) + ": " +
                    format_bytes(needed - limit) + " short; set load.memory_limit to " + std::to_string(needed) +
                    " B or more, or cut the model over more ranks (topology.tensor_parallel, now " +
                    std::to_string(topology_.tensor_parallel) + ")");
}

void Planner::predict() {
  auto const& cost = options_.cost;
  std::uint64_t requests = 0;
  Bytes travelling = 0;
  for (auto const& load : plan_.ranks) {
    requests = std::max(requests, load.requests);
    travelling = std::max({travelling, load.sent_bytes, load.received_bytes});
  }
  auto const waves = static_cast<double>(plan_.waves.size());
  auto& predicted = plan_.predicted;
  auto const cold = 1 - options_.resident;
  auto const seconds_per_byte = options_.resident / cost.cache_bandwidth + cold / cost.storage_bandwidth;
  predicted.read_seconds = static_cast<double>(plan_.storage_read_bytes) * seconds_per_byte +
                           cold * cost.storage_latency_seconds +
                           static_cast<double>(requests) * cost.request_overhead_seconds;
  if (plan_.has_messages) {
    predicted.exchange_seconds =
        static_cast<double>(travelling) / cost.link_bandwidth + waves * cost.link_latency_seconds;
  }
  // With two slots all but one wave's share of the shorter phase hides behind the longer one.
  auto const longer = std::max(predicted.read_seconds, predicted.exchange_seconds);
  auto const shorter = std::min(predicted.read_seconds, predicted.exchange_seconds);
  predicted.total_seconds = longer + (slots_in_use() > 1 ? shorter / std::max(1.0, waves) : shorter);
}

}  // namespace distload
