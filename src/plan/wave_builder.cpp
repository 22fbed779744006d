// Assembles one wave of one rank.
#include "plan/wave_builder.hpp"

namespace distload {

void WaveBuilder::read_to_arena(std::uint32_t extent, Bytes begin, Bytes nbytes, Bytes arena_offset) {
  wave_.reads.push_back({extent, Area::arena, begin, nbytes, arena_offset});
}

void WaveBuilder::read_mapped(std::uint32_t extent, Bytes begin, Bytes nbytes, Bytes mapped_offset) {
  wave_.reads.push_back({extent, Area::mapped, begin, nbytes, mapped_offset});
}

void WaveBuilder::read_passing(std::uint32_t extent, Bytes begin, Bytes nbytes) {
  wave_.reads.push_back({extent, Area::passing, begin, nbytes, 0});
}

void WaveBuilder::scatter(std::uint32_t rank, PlannedCopy const& copy) {
  wave_.scatters.push_back(copy);
  wave_.scatter_targets.push_back({static_cast<std::uint32_t>(wave_.reads.size() - 1), rank});
}

Bytes WaveBuilder::read_to_staging(std::uint32_t extent, Bytes begin, Bytes nbytes, Bytes alignment, Bytes remainder) {
  auto offset = read_bytes_;
  if (alignment > 0) offset += (remainder + alignment - offset % alignment) % alignment;
  wave_.reads.push_back({extent, Area::staging, begin, nbytes, offset});
  read_bytes_ = offset + round_up(nbytes, kStagingAlignment);
  return offset;
}

void WaveBuilder::send_in_place(std::vector<std::uint32_t> const& peers, Area area, Bytes offset, Bytes nbytes) {
  outgoing_.push_back({peers, false, {0, area, offset, nbytes}, {}});
}

void WaveBuilder::receive_in_place(std::uint32_t peer, Bytes arena_offset, Bytes nbytes) {
  incoming_.push_back({false, {peer, Area::arena, arena_offset, nbytes}, {}});
}

void WaveBuilder::send_packed(RankSetId receivers, std::vector<std::uint32_t> const& peers,
                              std::vector<PlannedCopy> packs, Bytes nbytes) {
  auto const [entry, added] = outgoing_index_.try_emplace(receivers, outgoing_.size());
  if (added) outgoing_.push_back({peers, true, {}, {}});
  auto& out = outgoing_[entry->second];
  for (auto& pack : packs) {
    pack.copy.destination_offset += out.message.nbytes;
    out.packs.push_back(pack);
  }
  out.message.nbytes += round_up(nbytes, kStagingAlignment);
}

void WaveBuilder::receive_packed(std::uint32_t peer, RankSetId receivers, std::vector<PlannedCopy> places,
                                 Bytes nbytes) {
  auto const [entry, added] = incoming_index_.try_emplace({peer, receivers}, incoming_.size());
  if (added) incoming_.push_back({true, {peer, Area::staging, 0, 0}, {}});
  auto& in = incoming_[entry->second];
  for (auto& place : places) {
    place.copy.source_offset += in.message.nbytes;
    in.places.push_back(place);
  }
  in.message.nbytes += round_up(nbytes, kStagingAlignment);
}

Wave WaveBuilder::finish() && {
  wave_.staging_bytes = read_bytes_;
  wave_.read_staging_bytes = read_bytes_;
  add_sends();
  add_receives();
  // A plan may have many waves and may be kept for many loads.
  wave_.reads.shrink_to_fit();
  wave_.packs.shrink_to_fit();
  wave_.sends.shrink_to_fit();
  wave_.receives.shrink_to_fit();
  wave_.places.shrink_to_fit();
  wave_.scatters.shrink_to_fit();
  wave_.scatter_targets.shrink_to_fit();
  wave_.peer_places.shrink_to_fit();
  wave_.peer_place_ranks.shrink_to_fit();
  return std::move(wave_);
}

void WaveBuilder::add_sends() {
  auto& offset = wave_.staging_bytes;
  for (auto& out : outgoing_) {
    if (out.packed) {
      out.message.offset_bytes = offset;
      for (auto& pack : out.packs) {
        pack.copy.destination_offset += offset;
        wave_.packs.push_back(pack);
      }
      offset += out.message.nbytes;
    }
    for (auto const peer : out.peers) {
      wave_.sends.push_back(out.message);
      wave_.sends.back().peer = peer;
    }
  }
}

void WaveBuilder::add_receives() {
  auto& offset = wave_.staging_bytes;
  for (auto& in : incoming_) {
    if (in.packed) {
      in.message.offset_bytes = offset;
      for (auto& place : in.places) {
        place.copy.source_offset += offset;
        wave_.places.push_back(place);
      }
      offset += in.message.nbytes;
    }
    wave_.receives.push_back(in.message);
  }
}

WaveBuilder& WaveBuilders::operator[](std::uint32_t wave) {
  if (builders_.size() <= wave) builders_.resize(wave + std::size_t{1});
  return builders_[wave];
}

std::vector<Wave> WaveBuilders::finish(std::uint32_t count) && {
  builders_.resize(count);
  std::vector<Wave> waves;
  waves.reserve(count);
  for (auto& builder : builders_) waves.push_back(std::move(builder).finish());
  return waves;
}

}  // namespace distload
