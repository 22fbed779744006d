/// WaveBuilder: collects one rank's operations in a wave and assigns offsets in its staging slot: reads, then outgoing,
/// then incoming messages.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "plan/demand/rank_sets.hpp"
#include "plan/rank_work.hpp"

namespace distload {

/// Every part of a slot starts at a multiple of this, so that copies stay aligned.
inline constexpr Bytes kStagingAlignment = 64;

class WaveBuilder {
 public:
  /// Reads to `arena_offset` of the arena.
  void read_to_arena(std::uint32_t extent, Bytes begin, Bytes nbytes, Bytes arena_offset);
  /// Verifies a range of a mapped file.
  void read_mapped(std::uint32_t extent, Bytes begin, Bytes nbytes, Bytes mapped_offset);
  /// Reads a range that the following calls of `scatter` copy.
  void read_passing(std::uint32_t extent, Bytes begin, Bytes nbytes);
  /// Copies from the last `read_passing` to the arena of `rank`.
  void scatter(std::uint32_t rank, PlannedCopy const& copy);
  /// Reads to the slot, `remainder` bytes behind a multiple of `alignment`, if that is not 0. @returns the offset in
  /// it.
  Bytes read_to_staging(std::uint32_t extent, Bytes begin, Bytes nbytes, Bytes alignment, Bytes remainder);

  /// Sends bytes that are contiguous in `area`, without packing.
  void send_in_place(std::vector<std::uint32_t> const& peers, Area area, Bytes offset, Bytes nbytes);
  /// Receives such bytes at `arena_offset` of the arena.
  void receive_in_place(std::uint32_t peer, Bytes arena_offset, Bytes nbytes);

  /// Appends `nbytes` to the packed message for `receivers`. `packs` write to offsets counted from the first of these
  /// bytes.
  void send_packed(RankSetId receivers, std::vector<std::uint32_t> const& peers, std::vector<PlannedCopy> packs,
                   Bytes nbytes);
  /// Appends `nbytes` to the packed message from `peer`; `places` read from offsets counted from the first of these
  /// bytes.
  void receive_packed(std::uint32_t peer, RankSetId receivers, std::vector<PlannedCopy> places, Bytes nbytes);

  /// Copies from staging or a mapped file to the own arena, after all messages have arrived.
  void place(PlannedCopy const& copy) { wave_.places.push_back(copy); }
  /// Copies from staging to the arena of `rank`, on the same node.
  void place_at_peer(std::uint32_t rank, PlannedCopy const& copy) {
    wave_.peer_places.push_back(copy);
    wave_.peer_place_ranks.push_back(rank);
  }

  Wave finish() &&;

 private:
  struct Outgoing {
    std::vector<std::uint32_t> peers;
    bool packed = false;
    PlannedMessage message;
    std::vector<PlannedCopy> packs;
  };
  struct Incoming {
    bool packed = false;
    PlannedMessage message;
    std::vector<PlannedCopy> places;
  };

  /// Assign packed messages their space at the end of the slot, and add all messages to the wave.
  void add_sends();
  void add_receives();

  Wave wave_;
  Bytes read_bytes_ = 0;            ///< of the slot, used by reads
  std::vector<Outgoing> outgoing_;  ///< in the order of first pieces, the same on both sides
  std::vector<Incoming> incoming_;  ///< likewise
  std::map<RankSetId, std::size_t> outgoing_index_;
  std::map<std::pair<std::uint32_t, RankSetId>, std::size_t> incoming_index_;
};

/// Builds the own rank's operations in all waves.
class WaveBuilders {
 public:
  WaveBuilder& operator[](std::uint32_t wave);
  /// Returns `count` waves; the last ones may be empty on this rank.
  std::vector<Wave> finish(std::uint32_t count) &&;

 private:
  std::vector<WaveBuilder> builders_;
};

}  // namespace distload
