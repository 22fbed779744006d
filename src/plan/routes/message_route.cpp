// Selects readers; plans their messages and the staging of both sides.
#include "plan/routes/message_route.hpp"

#include <algorithm>
#include <limits>

#include "plan/routes/piece_copies.hpp"

namespace distload {

void MessageRoute::start(CurrentParameter const& parameter) {
  auto const& jobs = parameter.kind.jobs;
  reader_of_job_.resize(jobs.size());
  for (std::size_t job = 0; job < jobs.size(); ++job) {
    if (jobs[job].strategy == Strategy::broadcast) reader_of_job_[job] = least_loaded(parameter, jobs[job]);
  }
}

void MessageRoute::plan(CurrentParameter const& parameter, ReadPiece const& piece) {
  auto const reader = reader_of(parameter, piece);
  auto const reader_bytes = count(parameter, piece, reader);
  auto const wave = wave_of(parameter, piece, reader, reader_bytes);
  if (reader.rank == request_.rank) {
    add_read(parameter, piece, reader, waves_[wave]);
  } else if (!parameter.job_of(piece).sole_reader && parameter.own_group) {
    add_receives(parameter, piece, reader.rank, waves_[wave]);
  }
}

MessageRoute::Reader MessageRoute::reader_of(CurrentParameter const& parameter, ReadPiece const& piece) const {
  auto const& job = parameter.job_of(piece);
  if (auto const& sole = job.sole_reader) {
    return {.rank = parameter.rank_of(*sole), .group = sole->group, .index = sole->index};
  }
  return job.strategy == Strategy::broadcast ? reader_of_job_[piece.job] : least_loaded(parameter, job);
}

MessageRoute::Reader MessageRoute::least_loaded(CurrentParameter const& parameter, ReadJob const& job) const {
  auto const& demanded = parameter.segment_of(job);
  auto const& wants = parameter.demand().wants_of(demanded.extent);
  auto const read_by = [read_bytes = ledger_.read_bytes()](std::uint32_t rank) { return read_bytes[rank]; };
  // Branch-free minimum: the branch would be unpredictable. The rank is found afterwards.
  auto least = std::numeric_limits<Bytes>::max();
  std::uint32_t group = 0;
  for (auto const want : demanded.segment.wants) {
    auto least_of_group = std::numeric_limits<Bytes>::max();
    for (auto const rank : parameter.ranks_of(wants[want].group)) {
      least_of_group = std::min(least_of_group, read_by(rank));
    }
    if (least_of_group >= least) continue;
    least = least_of_group;
    group = wants[want].group;
  }
  auto const ranks = parameter.ranks_of(group);
  auto const index = static_cast<std::uint32_t>(std::ranges::find(ranks, least, read_by) - ranks.begin());
  return {.rank = ranks[index], .group = group, .index = index};
}

bool MessageRoute::goes_in_place(WantedPart const& part) const noexcept {
  return part.shard_run && part.nbytes >= request_.options.in_place_bytes;
}

Bytes MessageRoute::packed_bytes(WantedPart const& part) const noexcept {
  return goes_in_place(part) ? 0 : round_up(part.nbytes, kStagingAlignment);
}

bool MessageRoute::is_read_to_shard(WantedPart const& part, Reader const& reader) const noexcept {
  return part.group == reader.group && part.shard_run && request_.options.arena_on_host;
}

Bytes MessageRoute::count(CurrentParameter const& parameter, ReadPiece const& piece, Reader const& reader) {
  bool const is_sole_reader = parameter.job_of(piece).sole_reader.has_value();
  ledger_.count_read(reader.rank, piece.range.nbytes());
  auto staging = request_.staging_of_read(piece.range.nbytes());
  Bytes packed = 0;
  for (auto const& part : piece.parts) {
    if (is_read_to_shard(part, reader)) staging = 0;
    if (is_sole_reader) continue;
    bool const is_own = part.group == reader.group;
    auto const receivers = parameter.ranks_of(part.group).size() - (is_own ? 1 : 0);
    if (receivers > 0) packed += packed_bytes(part);
    ledger_.count_message(reader.rank, parameter.rank_sets[part.group], receivers, part.nbytes);
    if (is_own) ledger_.count_senders_part(reader.rank, part.nbytes);
    if (!request_.options.arena_on_host) count_on_node(parameter, part, reader.rank);
  }
  return staging + packed;
}

void MessageRoute::count_on_node(CurrentParameter const& parameter, WantedPart const& part, std::uint32_t sender) {
  auto const node = request_.node_of(sender);
  for (auto const rank : parameter.ranks_of(part.group)) {
    if (rank != sender && request_.node_of(rank) == node) ledger_.count_on_node(sender, rank, part.nbytes);
  }
}

std::span<MessageRoute::MessageStaging const> MessageRoute::staging_by_group(CurrentParameter const& parameter,
                                                                             ReadPiece const& piece) {
  staging_.clear();
  if (parameter.job_of(piece).sole_reader) return staging_;
  constexpr auto kNone = std::numeric_limits<std::uint32_t>::max();
  auto const groups = parameter.demand().holders().groups().size();
  if (staging_index_.size() < groups) staging_index_.resize(groups, kNone);
  // Parameters with several sections may have several parts of one group.
  for (auto const& part : piece.parts) {
    auto& index = staging_index_[part.group];
    if (index == kNone) {
      index = static_cast<std::uint32_t>(staging_.size());
      staging_.push_back({.group = part.group});
    }
    staging_[index].nbytes += packed_bytes(part);
  }
  for (auto const& staging : staging_) staging_index_[staging.group] = kNone;
  return staging_;
}

std::uint32_t MessageRoute::wave_of(CurrentParameter const& parameter, ReadPiece const& piece, Reader const& reader,
                                    Bytes reader_bytes) {
  needs_.clear();
  needs_.push_back({.ranks = {&reader.rank, 1}, .nbytes = reader_bytes});
  auto const add = [&](std::span<std::uint32_t const> ranks, Bytes nbytes) {
    if (!ranks.empty()) needs_.push_back({.ranks = ranks, .nbytes = nbytes});
  };
  for (auto const& [group, nbytes] : staging_by_group(parameter, piece)) {
    auto const ranks = parameter.ranks_of(group);
    if (group != reader.group) {
      add(ranks, nbytes);
      continue;
    }
    add(ranks.first(reader.index), nbytes);
    add(ranks.subspan(reader.index + 1), nbytes);
  }
  if (needs_.size() == 1 && reader_bytes == 0) return ledger_.current_wave(reader.rank);
  return ledger_.wave_of_staged_work(needs_, parameter.tensor.name);
}

void MessageRoute::add_read(CurrentParameter const& parameter, ReadPiece const& piece, Reader const& reader,
                            WaveBuilder& wave) const {
  auto const target = add_request(parameter, piece, reader, wave);
  bool const is_sole_reader = parameter.job_of(piece).sole_reader.has_value();
  for (auto const& part : piece.parts) {
    if (part.group == reader.group && target.area == Area::staging) {
      for (auto const& copy :
           copies_to_shard(parameter, piece, part, Area::staging, target.offset_bytes, parameter.own.offset_bytes)) {
        wave.place(copy);
      }
    }
    if (!is_sole_reader) add_send(parameter, piece, part, target, wave);
  }
}

MessageRoute::ReadTarget MessageRoute::add_request(CurrentParameter const& parameter, ReadPiece const& piece,
                                                   Reader const& reader, WaveBuilder& wave) const {
  auto const extent = parameter.extent_of(piece);
  auto const nbytes = piece.range.nbytes();
  auto const own =
      std::ranges::find_if(piece.parts, [&](WantedPart const& part) { return is_read_to_shard(part, reader); });
  if (own == piece.parts.end()) {
    auto const offset = wave.read_to_staging(extent, piece.range.begin, nbytes, request_.options.staged_read_alignment,
                                             request_.staged_remainder(extent, piece.range.begin));
    return {.area = Area::staging, .offset_bytes = offset};
  }
  auto const offset = parameter.own.offset_bytes + *own->shard_run;
  wave.read_to_arena(extent, piece.range.begin, nbytes, offset);
  return {.area = Area::arena, .offset_bytes = offset};
}

void MessageRoute::add_send(CurrentParameter const& parameter, ReadPiece const& piece, WantedPart const& part,
                            ReadTarget const& target, WaveBuilder& wave) const {
  auto const ranks = parameter.ranks_of(part.group);
  std::vector<std::uint32_t> peers(ranks.begin(), ranks.end());
  std::erase(peers, request_.rank);
  if (peers.empty()) return;
  if (goes_in_place(part)) {
    wave.send_in_place(peers, target.area, target.offset_bytes, piece.range.nbytes());
  } else {
    wave.send_packed(parameter.rank_sets[part.group], peers,
                     copies_to_message(parameter, piece, part, target.area, target.offset_bytes), part.nbytes);
  }
}

void MessageRoute::add_receives(CurrentParameter const& parameter, ReadPiece const& piece, std::uint32_t reader,
                                WaveBuilder& wave) const {
  for (auto const& part : piece.parts) {
    if (parameter.own_group != part.group) continue;
    if (goes_in_place(part)) {
      wave.receive_in_place(reader, parameter.own.offset_bytes + *part.shard_run, part.nbytes);
    } else {
      wave.receive_packed(reader, parameter.rank_sets[part.group], copies_from_message(parameter, piece, part),
                          part.nbytes);
    }
  }
}

}  // namespace distload
