// Plans the verification of mapped ranges and the copies from them.
#include "plan/routes/mapped_route.hpp"

#include "plan/routes/piece_copies.hpp"

namespace distload {

void MappedRoute::plan(CurrentParameter const& parameter, ReadPiece const& piece) {
  if (auto const& reader = parameter.job_of(piece).sole_reader) {
    read_by(parameter.rank_of(*reader), parameter, piece);
  } else {
    read_by_nodes(parameter, piece);
  }
}

void MappedRoute::read_by(std::uint32_t reader, CurrentParameter const& parameter, ReadPiece const& piece) {
  auto const& [begin, end] = piece.range;
  ledger_.count_read(reader, end - begin);
  auto const wave = ledger_.current_wave(reader);
  if (reader != request_.rank) return;
  auto const extent = parameter.extent_of(piece);
  if (parameter.own.is_view) {
    waves_[wave].read_mapped(extent, begin, end - begin, request_.mapped_offset(extent, begin));
  } else {
    waves_[wave].read_to_arena(extent, begin, end - begin, parameter.own.offset_bytes + *piece.parts.front().shard_run);
  }
}

void MappedRoute::read_by_nodes(CurrentParameter const& parameter, ReadPiece const& piece) {
  auto const extent = parameter.extent_of(piece);
  auto const& [begin, end] = piece.range;
  for (auto const& [reader, wave] : node_readers_.choose(parameter, piece)) {
    if (request_.node_of(reader) != request_.node_of(request_.rank)) continue;
    if (reader == request_.rank) {
      waves_[wave].read_mapped(extent, begin, end - begin, request_.mapped_offset(extent, begin));
    }
    if (parameter.own_group && !parameter.own.is_view) copy_to_own_shard(parameter, piece, waves_[wave]);
  }
}

void MappedRoute::copy_to_own_shard(CurrentParameter const& parameter, ReadPiece const& piece,
                                    WaveBuilder& wave) const {
  auto const source_offset = request_.mapped_offset(parameter.extent_of(piece), piece.range.begin);
  for (auto const& part : piece.parts) {
    if (part.group != parameter.own_group) continue;
    for (auto const& copy :
         copies_to_shard(parameter, piece, part, Area::mapped, source_offset, parameter.own.offset_bytes)) {
      wave.place(copy);
    }
  }
}

}  // namespace distload
