// Plans copies from a range to the arenas of a node while it is read.
#include "plan/routes/scatter_route.hpp"

#include <algorithm>

#include "plan/routes/piece_copies.hpp"

namespace distload {

void ScatterRoute::plan(CurrentParameter const& parameter, ReadPiece const& piece) {
  for (auto const& [reader, wave] : node_readers_.choose(parameter, piece)) {
    bool const has_copies = count_copies(parameter, piece, reader);
    if (reader != request_.rank) continue;
    if (!request_.options.arena_on_host) {
      stage_and_copy(parameter, piece, waves_[wave]);
    } else if (has_copies) {
      read_and_copy(parameter, piece, waves_[wave]);
    } else {
      auto const extent = parameter.extent_of(piece);
      auto const begin = piece.range.begin;
      waves_[wave].read_mapped(extent, begin, piece.range.nbytes(), request_.mapped_offset(extent, begin));
    }
  }
}

bool ScatterRoute::count_copies(CurrentParameter const& parameter, ReadPiece const& piece, std::uint32_t reader) {
  bool has_copies = false;
  for (auto const& part : piece.parts) {
    // For existing arenas, a rank knows only of its own node's shards whether they are views.
    if (parameter.kind.view_candidates[part.group] && request_.options.places.empty()) continue;
    for (auto const rank : parameter.ranks_of(part.group)) {
      if (request_.node_of(rank) != request_.node_of(reader)) continue;
      has_copies = true;
      if (rank != reader) ledger_.count_peer_write(reader, rank, part.nbytes);
    }
  }
  return has_copies;
}

void ScatterRoute::read_and_copy(CurrentParameter const& parameter, ReadPiece const& piece, WaveBuilder& wave) const {
  wave.read_passing(parameter.extent_of(piece), piece.range.begin, piece.range.nbytes());
  for (auto const& part : piece.parts) {
    auto const ranks = parameter.ranks_of(part.group);
    for (auto const& [rank, nbytes, shard] : arenas_.arenas()) {
      if (shard.is_view || !std::ranges::binary_search(ranks, rank)) continue;
      for (auto const& copy : copies_to_shard(parameter, piece, part, Area::passing, 0, shard.offset_bytes)) {
        wave.scatter(rank, copy);
      }
    }
  }
}

void ScatterRoute::stage_and_copy(CurrentParameter const& parameter, ReadPiece const& piece, WaveBuilder& wave) const {
  auto const extent = parameter.extent_of(piece);
  auto const offset =
      wave.read_to_staging(extent, piece.range.begin, piece.range.nbytes(), request_.options.staged_read_alignment,
                           request_.staged_remainder(extent, piece.range.begin));
  for (auto const& part : piece.parts) {
    auto const ranks = parameter.ranks_of(part.group);
    for (auto const& [rank, nbytes, shard] : arenas_.arenas()) {
      if (!std::ranges::binary_search(ranks, rank)) continue;
      for (auto const& copy : copies_to_shard(parameter, piece, part, Area::staging, offset, shard.offset_bytes)) {
        if (rank == request_.rank) {
          wave.place(copy);
        } else {
          wave.place_at_peer(rank, copy);
        }
      }
    }
  }
}

bool share_a_node(CurrentParameter const& parameter, ReadJob const& job, PlanRequest const& request) {
  if (request.one_node) return true;
  auto const& groups = parameter.segment_of(job).groups;
  auto const node = request.node_of(parameter.ranks_of(groups.front()).front());
  return std::ranges::all_of(groups, [&](std::uint32_t group) {
    return std::ranges::all_of(parameter.ranks_of(group),
                               [&](std::uint32_t rank) { return request.node_of(rank) == node; });
  });
}

}  // namespace distload
