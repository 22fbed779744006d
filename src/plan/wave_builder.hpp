/// WaveBuilder: collects one rank's part of one wave and lays out its staging slot: reads, then outgoing, then incoming
/// messages.
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
  /// Reads to the arena at a known place.
  void read_to_arena(std::uint32_t extent, Bytes begin, Bytes nbytes, Bytes arena_offset);
  /// Reads what is mapped, to verify it.
  void read_mapped(std::uint32_t extent, Bytes begin, Bytes nbytes, Bytes mapped_offset);
  /// Reads what is copied on at once, by those of `scatter` that follow.
  void read_passing(std::uint32_t extent, Bytes begin, Bytes nbytes);
  /// From the range read last to the arena of `rank`.
  void scatter(std::uint32_t rank, PlannedCopy const& copy);
  /// Reads to the slot. @returns the offset there.
  Bytes read_to_staging(std::uint32_t extent, Bytes begin, Bytes nbytes);

  /// Bytes that lie in `area` in one run go out as they are.
  void send_in_place(std::vector<std::uint32_t> const& peers, Area area, Bytes offset, Bytes nbytes);
  /// And come in where they belong.
  void receive_in_place(std::uint32_t peer, Bytes arena_offset, Bytes nbytes);

  /// Appends `nbytes` to the packed message for `receivers`. `packs` write to offsets counted from the first of these
  /// bytes.
  void send_packed(RankSetId receivers, std::vector<std::uint32_t> const& peers, std::vector<PlannedCopy> packs,
                   Bytes nbytes);
  /// Appends `nbytes` to the packed message from `peer`; `places` read from offsets counted from the first of these
  /// bytes.
  void receive_packed(std::uint32_t peer, RankSetId receivers, std::vector<PlannedCopy> places, Bytes nbytes);

  /// From staging or a mapped file to the own arena, when all messages have come.
  void place(PlannedCopy copy) { wave_.places.push_back(copy); }

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

  /// Give the packed messages their room behind what is in the slot, and add all messages to the wave.
  void add_sends();
  void add_receives();

  Wave wave_;
  Bytes read_bytes_ = 0;            ///< of the slot, taken by reads
  std::vector<Outgoing> outgoing_;  ///< in the order of their first piece, which both sides see alike
  std::vector<Incoming> incoming_;  ///< likewise
  std::map<RankSetId, std::size_t> outgoing_index_;
  std::map<std::pair<std::uint32_t, RankSetId>, std::size_t> incoming_index_;
};

/// The own rank's part of all waves.
class WaveBuilders {
 public:
  WaveBuilder& operator[](std::uint32_t wave);
  /// `count` waves, of which the last ones may be empty on this rank.
  std::vector<Wave> finish(std::uint32_t count) &&;

 private:
  std::vector<WaveBuilder> builders_;
};

}  // namespace distload
