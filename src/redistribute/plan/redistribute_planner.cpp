// Chooses senders and ways, and schedules waves.
#include "redistribute/plan/redistribute_planner.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include <distload/base/error.hpp>

namespace distload {
namespace {

/// Holders that are compared for one receiver: with more, a window of them moves on from receiver to receiver.
constexpr std::size_t kComparedHolders = 32;

/// In place of the last wave that reads a shard: it stays.
constexpr auto kNeverReleased = std::numeric_limits<std::uint32_t>::max();

/// What a rank may need in one wave. If the source is freed, that includes what its target gains, while the largest
/// slot of all waves stays allocated: half for each.
Bytes slot_limit_of(RedistributePlanOptions const& options) {
  return options.frees_source ? options.staging_bytes / 2 : options.staging_bytes;
}

/// `box` moved by `by` along an axis, and back by `back`.
Box shifted(Box box, std::size_t axis, std::uint64_t by, std::uint64_t back) {
  if (!box.offset.empty()) box.offset[axis] = box.offset[axis] + by - back;
  return box;
}

/// Distance from the first to behind the last element of a box of a shard, as it lies in memory.
ByteRange memory_of(PartEnd const& end, Dims extent) {
  auto shape = end.shape;
  auto first = end.position;
  if (end.transposed) {
    shape = with_last_axes_swapped(shape);
    first = with_last_axes_swapped(first);
    extent = with_last_axes_swapped(extent);
  }
  auto last = first;
  for (std::size_t axis = 0; axis < last.size(); ++axis) last[axis] += extent[axis] - 1;
  auto const element_bytes = size_of(end.dtype);
  return {linear_index(shape, first) * element_bytes, (linear_index(shape, last) + 1) * element_bytes};
}

}  // namespace

RedistributePlan make_redistribute_plan(RedistributeRequest const& request) {
  return RedistributePlanner(request).run();
}

RedistributePlanner::RedistributePlanner(RedistributeRequest const& request)
    : request_(request),
      sources_(request.source, request.source_ranks),
      targets_(request.target, request.target_ranks),
      scheduler_(request.ranks, slot_limit_of(request.options)),
      memory_(request.ranks),
      staging_(request.ranks),
      own_ranges_(request.source.cut.layout.parameters.size()),
      is_own_kept_(request.source.cut.layout.parameters.size()) {
  for (std::uint32_t number = 0; number < request.source_ranks.size(); ++number) {
    source_number_.emplace(request.source_ranks[number], number);
  }
  plan_.ranks.resize(request.ranks);
}

RedistributePlan RedistributePlanner::run() {
  place_targets();
  auto const piece_bytes = request_.options.piece_bytes;
  auto const order = order_pieces(request_.source, sources_, request_.target, targets_, piece_bytes);
  for (auto const& piece : order.pieces) {
    auto const& stretch = order.stretches[piece.stretch];
    plan_piece(stretch, bands_of(request_.source, stretch, piece_bytes)[piece.band]);
  }
  finish();
  return std::move(plan_);
}

void RedistributePlanner::place_targets() {
  placed_.resize(request_.target.cut.layout.parameters.size());
  for (std::uint32_t index = 0; index < placed_.size(); ++index) {
    auto& kind = targets_.of(index);
    auto const& ranks = targets_.ranks(index);
    for (std::uint32_t group = 0; group < ranks.size(); ++group) {
      auto const nbytes = volume(kind.holders.groups()[group].layout.shape) * size_of(request_.target.dtype_of(index));
      for (auto const rank : ranks[group]) {
        auto& moves = plan_.ranks[rank];
        ((may_be_kept(index, rank) && is_unchanged(index, group, rank)) ? moves.shared_bytes : moves.target_bytes) +=
            nbytes;
        if (rank == request_.rank) place_own(index, group);
      }
    }
  }
}

void RedistributePlanner::place_own(std::uint32_t parameter, std::uint32_t group) {
  auto const& target = request_.target;
  auto const& layout = targets_.of(parameter).holders.groups()[group].layout;
  auto const nbytes = volume(layout.shape) * size_of(target.dtype_of(parameter));
  bool const stays = may_be_kept(parameter, request_.rank) && is_unchanged(parameter, group, request_.rank);
  auto offset = plan_.arena_bytes;
  if (request_.options.fills_existing) {
    offset = request_.existing[parameter].value();
  } else if (stays) {
    auto const stored = target.stored[target.tensor_of(parameter).first_extent];
    offset = request_.own_source[request_.source.place_of[stored]->parameter].value();
  } else {
    plan_.arena_bytes += round_up(nbytes, kShardAlignment);
  }
  placed_[parameter] = offset;
  plan_.shards.push_back({.parameter = parameter,
                          .dtype = target.dtype_of(parameter),
                          .transposed = target.parameter(parameter).transposed,
                          .layout = std::make_shared<ShardLayout const>(layout),
                          .offset_bytes = offset,
                          .nbytes = nbytes});
  plan_.is_shared.push_back(stays);
}

bool RedistributePlanner::is_unchanged(std::uint32_t parameter, std::uint32_t group, std::uint32_t rank) {
  auto const number = source_number_.find(rank);
  if (number == source_number_.end()) return false;
  auto const& target = request_.target;
  auto const& source = request_.source;
  auto const from = source.place_of[target.stored[target.tensor_of(parameter).first_extent]];
  if (!from) return false;
  auto const& stages = source.parameter(from->parameter).stages;
  auto const stage = number->second / source.topology.stage_ranks();
  if (std::ranges::find(stages, stage) == stages.end()) return false;
  auto const source_group = sources_.of(from->parameter).holders.group_of(number->second);
  return source_group && is_unchanged_from(parameter, group, from->parameter, *source_group);
}

bool RedistributePlanner::is_unchanged_from(std::uint32_t parameter, std::uint32_t group,
                                            std::uint32_t source_parameter, std::uint32_t source_group) {
  auto const& target = request_.target;
  auto const& source = request_.source;
  auto const from = source.place_of[target.stored[target.tensor_of(parameter).first_extent]];
  if (!from || from->parameter != source_parameter) return false;
  auto const key = (std::uint64_t{parameter} << 32U) | (std::uint64_t{group} << 16U) | source_group;
  auto const [entry, is_new] = unchanged_.try_emplace(key);
  if (is_new) {
    entry->second = have_equal_tensors(source, source_parameter, target, parameter) &&
                    source.dtype_of(source_parameter) == target.dtype_of(parameter) &&
                    source.parameter(source_parameter).transposed == target.parameter(parameter).transposed &&
                    sources_.of(source_parameter).holders.groups()[source_group].layout ==
                        targets_.of(parameter).holders.groups()[group].layout;
  }
  return entry->second;
}

bool RedistributePlanner::may_be_kept(std::uint32_t parameter, std::uint32_t rank) const {
  if (!request_.options.shares) return false;
  // Of existing memory, a rank knows only for itself which shards are those of the source. Others need not know.
  return !request_.options.fills_existing || (rank == request_.rank && request_.is_in_place[parameter]);
}

void RedistributePlanner::plan_piece(SourceStretch const& ref, Box const& box_of_piece) {
  auto& kind = sources_.of(ref.parameter);
  auto const& segment = kind.segments[ref.segment];
  Piece const piece{.parameter = ref.parameter,
                    .kind = &kind,
                    .segment = &segment,
                    .holders = sources_.held(ref.parameter).holders[ref.segment],
                    .box = box_of_piece};
  last_use_.clear();
  auto const& source = request_.source;
  auto const& target = request_.target;
  auto const& tensor = source.tensor_of(ref.parameter);
  auto const source_axis = source.parameter(ref.parameter).partition.axis;
  bool const is_fused = tensor.extent_count > 1;
  for (auto extent = tensor.first_extent; extent < tensor.first_extent + tensor.extent_count; ++extent) {
    auto const& whole_tensor = source.cut.catalog.extents[extent].box;
    auto const common = intersection(piece.box, whole_tensor);
    auto const place = target.place_of[source.stored[extent]];
    if (!common || !place) continue;
    auto const begin = is_fused ? whole_tensor.offset[source_axis] : 0;
    auto const target_axis = target.parameter(place->parameter).partition.axis;
    auto const box = shifted(shifted(*common, source_axis, 0, begin), target_axis, place->begin, 0);
    auto& target_kind = targets_.of(place->parameter);
    for (auto const& want : target_kind.holders.wants_in(box)) {
      auto const& layout = target_kind.holders.groups()[want.group].layout;
      WantedPart part{.parameter = place->parameter,
                      .group = want.group,
                      .box = shifted(shifted(want.box, target_axis, 0, place->begin), source_axis, begin, 0),
                      .moved = {}};
      part.moved.extent = want.box.extent;
      part.moved.target = {.shape = layout.shape,
                           .position = local_position(layout.pieces[want.piece], want.box.offset),
                           .dtype = target.dtype_of(place->parameter),
                           .transposed = target.parameter(place->parameter).transposed};
      plan_part(piece, part);
    }
  }
  if (request_.options.frees_source) release(piece);
}

PartEnd RedistributePlanner::source_end(Piece const& piece, Box const& box, std::uint32_t group) const {
  auto position = piece.segment->local_offsets.at(group);
  for (std::size_t axis = 0; axis < position.size(); ++axis) {
    position[axis] += box.offset[axis] - piece.segment->box.offset[axis];
  }
  return {.shape = piece.kind->holders.groups()[group].layout.shape,
          .position = position,
          .dtype = request_.source.dtype_of(piece.parameter),
          .transposed = request_.source.parameter(piece.parameter).transposed};
}

void RedistributePlanner::plan_part(Piece const& piece, WantedPart part) {
  auto& receivers = receivers_;
  receivers.clear();
  for (auto const rank : targets_.ranks(part.parameter)[part.group]) {
    auto const own = std::ranges::lower_bound(piece.holders, rank, {}, &PartHolder::rank);
    if (own == piece.holders.end() || own->rank != rank) {
      receivers.push_back(rank);
    } else {
      keep_or_copy(piece, part, *own);
    }
  }
  way_.reset();
  for (auto& delivery : deliveries_of(piece, receivers)) send(piece, part, delivery);
}

void RedistributePlanner::keep_or_copy(Piece const& piece, WantedPart& part, PartHolder const& holder) {
  bool const is_own = holder.rank == request_.rank;
  if (may_be_kept(part.parameter, holder.rank) &&
      is_unchanged_from(part.parameter, part.group, piece.parameter, holder.group)) {
    last_use_.emplace(holder.rank, kNeverReleased);
    if (is_own) is_own_kept_[piece.parameter] = true;
    return;
  }
  auto const growth = growth_of(part);
  StagingNeed const need{.ranks = {&holder.rank, 1}, .nbytes = growth};
  auto const wave = growth > 0 ? scheduler_.place({&need, 1}) : scheduler_.current(holder.rank);
  use(holder.rank, wave);
  gain(holder.rank, wave, growth);
  plan_.ranks[holder.rank].local_bytes += part.moved.target_bytes();
  if (!is_own) return;
  part.moved.source = source_end(piece, part.box, holder.group);
  PlannedCopy planned{
      .source = Area::source, .destination = Area::arena, .copy = part.moved.direct(), .cast = part.moved.cast()};
  planned.copy.source_offset += request_.own_source[piece.parameter].value();
  planned.copy.destination_offset += target_offset(part.parameter);
  builders_[wave].place(planned);
}

std::vector<RedistributePlanner::Delivery> RedistributePlanner::deliveries_of(
    Piece const& piece, std::span<std::uint32_t const> receivers) {
  std::vector<Delivery> deliveries;
  for (auto const receiver : receivers) {
    auto const sender = sender_for(receiver, piece.holders);
    auto const known =
        std::ranges::find(deliveries, sender.rank, [](auto const& delivery) { return delivery.sender.rank; });
    if (known != deliveries.end()) {
      known->receivers.push_back(receiver);
    } else {
      deliveries.push_back({.sender = sender, .receivers = {receiver}});
    }
    // Counted at once, so that the next receiver gets from another holder. The exact bytes are the same for all.
    plan_.ranks[sender.rank].sent_bytes += volume(piece.box);
  }
  for (auto const& delivery : deliveries) {
    plan_.ranks[delivery.sender.rank].sent_bytes -= delivery.receivers.size() * volume(piece.box);
  }
  return deliveries;
}

PartHolder RedistributePlanner::sender_for(std::uint32_t receiver, std::span<PartHolder const> holders) const {
  auto const node = node_of(receiver);
  PartHolder const* best = nullptr;
  bool best_is_near = false;
  auto const count = std::min(holders.size(), kComparedHolders);
  for (std::size_t i = 0; i < count; ++i) {
    auto const& holder = holders[count == holders.size() ? i : (receiver + i) % holders.size()];
    bool const is_near = node_of(holder.rank) == node;
    if (best == nullptr || is_near > best_is_near ||
        (is_near == best_is_near && plan_.ranks[holder.rank].sent_bytes < plan_.ranks[best->rank].sent_bytes)) {
      best = &holder;
      best_is_near = is_near;
    }
  }
  return *best;
}

void RedistributePlanner::send(Piece const& piece, WantedPart& part, Delivery& delivery) {
  auto const sender = delivery.sender.rank;
  auto const& way = way_of(piece, part, delivery.sender.group);
  auto const nbytes = way.nbytes;
  for (auto const receiver : delivery.receivers) {
    plan_.ranks[sender].sent_bytes += nbytes;
    plan_.ranks[receiver].received_bytes += nbytes;
  }
  part.source_offset = request_.rank == sender ? request_.own_source[piece.parameter].value() : 0;
  if (way.to_read) {
    std::erase_if(delivery.receivers, [&](std::uint32_t receiver) {
      if (node_of(receiver) != node_of(sender)) return false;
      read_from_peer(piece, part, sender, receiver, *way.to_read);
      return true;
    });
    if (delivery.receivers.empty()) return;
  }
  plan_.has_messages = true;
  if (way.unpacked) {
    send_in_place(part, delivery, way.unpacked->source_offset, way.unpacked->target_offset);
  } else {
    send_packed(part, delivery);
  }
}

RedistributePlanner::Way const& RedistributePlanner::way_of(Piece const& piece, WantedPart& part, std::uint32_t group) {
  if (way_ && way_->group == group) return *way_;
  auto& moved = part.moved;
  moved.source = source_end(piece, part.box, group);
  way_ = Way{.group = group, .nbytes = moved.message_bytes(), .to_read = {}, .unpacked = {}};
  if (!moved.is_verbatim()) return *way_;
  auto const& options = request_.options;
  if (options.reads_from_peers) {
    auto const copy = moved.direct();
    if (copy.run_bytes >= options.least_peer_run || is_one_run(copy)) way_->to_read = copy;
  }
  if (way_->nbytes >= options.in_place_bytes) {
    auto const pack = moved.to_message(moved.source.dtype);
    auto const place = moved.from_message(moved.source.dtype);
    if (is_one_run(pack) && is_one_run(place)) way_->unpacked = {pack.source_offset, place.destination_offset};
  }
  return *way_;
}

void RedistributePlanner::read_from_peer(Piece const& piece, WantedPart const& part, std::uint32_t sender,
                                         std::uint32_t reader, StridedCopy const& copy) {
  plan_.reads_from_peers = true;
  auto const growth = growth_of(part);
  std::uint32_t wave = 0;
  if (growth > 0) {
    std::array<StagingNeed, 2> const needs{StagingNeed{.ranks = {&sender, 1}, .nbytes = 0},
                                           StagingNeed{.ranks = {&reader, 1}, .nbytes = growth}};
    wave = scheduler_.place(needs);
  } else {
    wave = scheduler_.current(reader);
  }
  use(sender, wave);
  gain(reader, wave, growth);
  if (request_.rank == reader) {
    auto peer_copy = copy;
    peer_copy.source_offset += request_.peer_sources.at(sender)[piece.parameter].value();
    peer_copy.destination_offset += target_offset(part.parameter);
    extras(wave).peer_copies.push_back({.rank = sender, .copy = peer_copy});
  }
  add_checks(part, sender, reader, wave);
}

void RedistributePlanner::send_in_place(WantedPart const& part, Delivery const& delivery, Bytes source_run,
                                        Bytes target_run) {
  auto const sender = delivery.sender.rank;
  auto const nbytes = part.moved.message_bytes();
  auto const wave = wave_of(delivery, 0, 0, growth_of(part));
  if (request_.rank == sender) {
    builders_[wave].send_in_place(delivery.receivers, Area::source, part.source_offset + source_run, nbytes);
  }
  for (auto const receiver : delivery.receivers) {
    if (request_.rank == receiver) {
      builders_[wave].receive_in_place(sender, target_offset(part.parameter) + target_run, nbytes);
    }
    add_checks(part, sender, receiver, wave);
  }
}

void RedistributePlanner::send_packed(WantedPart const& part, Delivery const& delivery) {
  auto const sender = delivery.sender.rank;
  auto const& moved = part.moved;
  auto const dtype = moved.message_dtype();
  auto const nbytes = moved.message_bytes();
  auto const packed = round_up(nbytes, kStagingAlignment);
  auto const wave = wave_of(delivery, packed, packed, growth_of(part));
  // The side that has more bytes casts.
  auto const cast_if = [&](bool casts) { return casts ? moved.cast() : std::nullopt; };
  bool const is_receiver = std::ranges::find(delivery.receivers, request_.rank) != delivery.receivers.end();
  // Only the ranks that take part know the set by a number.
  RankSetId set{};
  if (is_receiver || request_.rank == sender) set = set_of(delivery.receivers);
  if (request_.rank == sender) {
    PlannedCopy pack{.source = Area::source,
                     .destination = Area::staging,
                     .copy = moved.to_message(dtype),
                     .cast = cast_if(dtype != moved.source.dtype)};
    pack.copy.source_offset += part.source_offset;
    builders_[wave].send_packed(set, delivery.receivers, {pack}, nbytes);
  }
  for (auto const receiver : delivery.receivers) {
    if (request_.rank == receiver) {
      PlannedCopy place{.source = Area::staging,
                        .destination = Area::arena,
                        .copy = moved.from_message(dtype),
                        .cast = cast_if(dtype == moved.source.dtype)};
      place.copy.destination_offset += target_offset(part.parameter);
      builders_[wave].receive_packed(sender, set, {place}, nbytes);
    }
    add_checks(part, sender, receiver, wave);
  }
}

std::uint32_t RedistributePlanner::wave_of(Delivery const& delivery, Bytes sender_bytes, Bytes receiver_bytes,
                                           Bytes growth) {
  auto const sender = delivery.sender.rank;
  std::array<StagingNeed, 2> const needs{StagingNeed{.ranks = {&sender, 1}, .nbytes = sender_bytes},
                                         StagingNeed{.ranks = delivery.receivers, .nbytes = receiver_bytes + growth}};
  auto const wave = scheduler_.place(needs);
  use(sender, wave);
  staging_.add(sender, wave, sender_bytes);
  for (auto const receiver : delivery.receivers) {
    gain(receiver, wave, growth);
    staging_.add(receiver, wave, receiver_bytes);
  }
  return wave;
}

void RedistributePlanner::add_checks(WantedPart const& part, std::uint32_t sender, std::uint32_t receiver,
                                     std::uint32_t wave) {
  if (!request_.options.verifies) return;
  auto const& moved = part.moved;
  if (request_.rank == sender) {
    PlannedCopy copy{.source = Area::source,
                     .destination = Area::staging,
                     .copy = moved.to_message(moved.target.dtype),
                     .cast = moved.cast()};
    copy.copy.source_offset += part.source_offset;
    extras(wave).sent.push_back(
        {.parameter = part.parameter, .peer = receiver, .copy = copy, .nbytes = moved.target_bytes()});
  }
  if (request_.rank == receiver) {
    PlannedCopy copy{
        .source = Area::arena, .destination = Area::staging, .copy = moved.back_to_message(), .cast = std::nullopt};
    copy.copy.source_offset += target_offset(part.parameter);
    extras(wave).received.push_back(
        {.parameter = part.parameter, .peer = sender, .copy = copy, .nbytes = moved.target_bytes()});
  }
}

void RedistributePlanner::release(Piece const& piece) {
  auto const nbytes = volume(piece.box) * size_of(request_.source.dtype_of(piece.parameter));
  for (auto const& holder : piece.holders) {
    auto const used = last_use_.find(holder.rank);
    std::optional<std::uint32_t> wave;
    if (used == last_use_.end()) {
      memory_.release_first(holder.rank, nbytes);
    } else if (used->second == kNeverReleased) {
      continue;
    } else {
      wave = used->second;
      memory_.release(*wave, holder.rank, nbytes);
    }
    if (holder.rank != request_.rank) continue;
    auto const range = memory_of(source_end(piece, piece.box, holder.group), piece.box.extent);
    own_ranges_[piece.parameter].push_back({.begin = range.begin, .end = range.end, .last_wave = wave});
  }
}

void RedistributePlanner::finish() {
  auto const count = std::max(1U, scheduler_.waves());
  waves_.resize(count);
  auto moves = std::move(builders_).finish(count);
  for (std::uint32_t wave = 0; wave < count; ++wave) waves_[wave].moves = std::move(moves[wave]);
  if (request_.options.frees_source) finish_released();
  plan_.waves = std::move(waves_);
  finish_totals();
  check_memory_limit();
}

void RedistributePlanner::finish_released() {
  for (std::uint32_t parameter = 0; parameter < own_ranges_.size(); ++parameter) {
    auto const& ranges = own_ranges_[parameter];
    if (ranges.empty() || is_own_kept_[parameter]) continue;
    auto const& kind = sources_.of(parameter);
    auto const group = kind.holders.group_of(source_number_.at(request_.rank));
    auto const nbytes =
        volume(kind.holders.groups()[*group].layout.shape) * size_of(request_.source.dtype_of(parameter));
    auto const base = request_.own_source[parameter].value();
    // Ranges may overlap: what several need is free after the last of them.
    std::vector<Bytes> cuts{0, round_up(nbytes, kShardAlignment)};
    for (auto const& range : ranges) cuts.insert(cuts.end(), {range.begin, range.end});
    std::ranges::sort(cuts);
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    std::vector<std::optional<std::uint32_t>> last(cuts.size());
    for (auto const& range : ranges) {
      auto at = static_cast<std::size_t>(std::ranges::lower_bound(cuts, range.begin) - cuts.begin());
      for (; cuts[at] < range.end; ++at) last[at] = std::max(last[at], range.last_wave);
    }
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
      auto& list = last[i] ? waves_[*last[i]].released : plan_.unused;
      list.push_back({base + cuts[i], base + cuts[i + 1]});
    }
  }
}

void RedistributePlanner::finish_totals() {
  auto const& source = request_.source;
  for (std::uint32_t index = 0; index < source.cut.layout.parameters.size(); ++index) {
    auto& kind = sources_.of(index);
    for (auto const& group : kind.holders.groups()) {
      auto const nbytes = volume(group.layout.shape) * size_of(source.dtype_of(index));
      for (auto const number : kind.holders.ranks_of(group, source.parameter(index).stages)) {
        plan_.ranks[request_.source_ranks[number]].source_bytes += nbytes;
      }
    }
  }
  std::vector<Bytes> held;
  held.reserve(plan_.ranks.size());
  for (auto const& rank : plan_.ranks) held.push_back(rank.source_bytes);
  if (request_.options.frees_source) held = memory_.peaks(held);
  for (std::uint32_t rank = 0; rank < plan_.ranks.size(); ++rank) {
    auto& moves = plan_.ranks[rank];
    moves.staging_bytes = staging_.peak(rank);
    moves.peak_bytes = held[rank] + moves.staging_bytes;
    if (!request_.options.frees_source) moves.peak_bytes += moves.target_bytes;
  }
}

void RedistributePlanner::check_memory_limit() const {
  auto const& options = request_.options;
  if (!options.memory_limit) return;
  auto const needed_by = [&](RankMoves const& rank) {
    if (options.limit_counts_source) return rank.peak_bytes;
    return options.fills_existing ? rank.staging_bytes : rank.peak_bytes - rank.source_bytes;
  };
  auto const worst = std::ranges::max_element(plan_.ranks, {}, needed_by);
  auto const needed = needed_by(*worst);
  auto const limit = *options.memory_limit;
  if (needed <= limit) return;
  auto const& [source, target, shared, local, sent, received, staging, peak] = *worst;
  throw OutOfBudget("rank " + std::to_string(worst - plan_.ranks.begin()) + " needs " + format_bytes(needed) +
                    " to redistribute the model (it has " + format_bytes(source) + " of shards, gets " +
                    format_bytes(target) + " of new ones, and needs " + format_bytes(staging) +
                    " of staging), but load.memory_limit is " + format_bytes(limit) + ": " +
                    format_bytes(needed - limit) + " short; set load.memory_limit to " + std::to_string(needed) +
                    " B or more, " + (options.frees_source ? "" : "free the old shards on the way (--in-place), ") +
                    "or cut the model over more ranks");
}

void RedistributePlanner::use(std::uint32_t rank, std::uint32_t wave) {
  if (!request_.options.frees_source) return;
  auto const [entry, is_new] = last_use_.try_emplace(rank, wave);
  if (!is_new) entry->second = std::max(entry->second, wave);
}

void RedistributePlanner::gain(std::uint32_t rank, std::uint32_t wave, Bytes nbytes) {
  if (nbytes > 0) memory_.add(wave, rank, nbytes);
}

RankSetId RedistributePlanner::set_of(std::vector<std::uint32_t> const& ranks) {
  return sets_.try_emplace(ranks, static_cast<RankSetId>(sets_.size())).first->second;
}

RedistributeWave& RedistributePlanner::extras(std::uint32_t wave) {
  if (waves_.size() <= wave) waves_.resize(wave + std::size_t{1});
  return waves_[wave];
}

}  // namespace distload
