/// RedistributePlanner: plans one piece after the other for all ranks, and records the work of the own rank.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "plan/demand/rank_sets.hpp"
#include "plan/ledger/wave_scheduler.hpp"
#include "plan/wave_builder.hpp"
#include "redistribute/plan/kinds.hpp"
#include "redistribute/plan/make_redistribute_plan.hpp"
#include "redistribute/plan/memory_track.hpp"
#include "redistribute/plan/part.hpp"
#include "redistribute/plan/piece_order.hpp"

namespace distload {

class RedistributePlanner {
 public:
  /// `request` outlives the object.
  explicit RedistributePlanner(RedistributeRequest const& request);
  RedistributePlanner(RedistributePlanner const&) = delete;
  RedistributePlanner& operator=(RedistributePlanner const&) = delete;
  ~RedistributePlanner() = default;

  /// Precondition: called once.
  RedistributePlan run();

 private:
  /// A piece of the source: one band of a segment.
  struct Piece {
    std::uint32_t parameter = 0;
    SourceKind const* kind = nullptr;
    SourceSegment const* segment = nullptr;
    std::span<PartHolder const> holders;
    Box box;  ///< in the source's parameter
  };
  /// A part of a piece that one group of the target wants.
  struct WantedPart {
    std::uint32_t parameter = 0;  ///< of the target
    std::uint32_t group = 0;
    Box box;                  ///< in the source's parameter
    MovedBox moved;           ///< `source` is that of the holder that is looked at
    Bytes source_offset = 0;  ///< of the own shard in the source's memory, if this rank is the sender
  };
  /// Ranks that get a part from one sender.
  struct Delivery {
    PartHolder sender;
    std::vector<std::uint32_t> receivers;
  };
  /// How a part gets from the shards of one group of the source to its receivers.
  struct Way {
    struct Run {
      Bytes source_offset = 0;
      Bytes target_offset = 0;
    };
    std::uint32_t group = 0;
    Bytes nbytes = 0;
    std::optional<StridedCopy> to_read;  ///< receivers on the sender's node read it
    std::optional<Run> unpacked;         ///< it is contiguous in both shards, and large
  };
  /// A range of one of the own shards of the source, and the last wave that needs it.
  struct OwnRange {
    Bytes begin = 0;
    Bytes end = 0;
    std::optional<std::uint32_t> last_wave;
  };

  /// Offsets of all shards of the target on this rank.
  void place_targets();
  void place_own(std::uint32_t parameter, std::uint32_t group);
  void plan_piece(SourceStretch const& ref, Box const& box_of_piece);
  void plan_part(Piece const& piece, WantedPart part);
  std::vector<Delivery> deliveries_of(Piece const& piece, std::span<std::uint32_t const> receivers);
  PartHolder sender_for(std::uint32_t receiver, std::span<PartHolder const> holders) const;
  void keep_or_copy(Piece const& piece, WantedPart& part, PartHolder const& holder);
  void send(Piece const& piece, WantedPart& part, Delivery& delivery);
  /// How `part`, whose source it sets, gets from the shards of a group to its receivers.
  Way const& way_of(Piece const& piece, WantedPart& part, std::uint32_t group);
  void read_from_peer(Piece const& piece, WantedPart const& part, std::uint32_t sender, std::uint32_t reader,
                      StridedCopy const& copy);
  void send_in_place(WantedPart const& part, Delivery const& delivery, Bytes source_run, Bytes target_run);
  void send_packed(WantedPart const& part, Delivery const& delivery);
  /// The wave of a delivery by message; counts what both ends need.
  std::uint32_t wave_of(Delivery const& delivery, Bytes sender_bytes, Bytes receiver_bytes, Bytes growth);
  void add_checks(WantedPart const& part, std::uint32_t sender, std::uint32_t receiver, std::uint32_t wave);
  /// Notes what of the source is not needed after a piece.
  void release(Piece const& piece);
  void finish();
  void finish_released();
  void finish_totals();
  void check_memory_limit() const;

  std::uint32_t node_of(std::uint32_t rank) const { return request_.node_of.empty() ? 0 : request_.node_of[rank]; }
  /// True if the shard of a target's parameter on a rank, which holds `group` of it, is one of the source's.
  bool is_unchanged(std::uint32_t parameter, std::uint32_t group, std::uint32_t rank);
  /// The same, where the source's shard is of a group of `source_parameter`.
  bool is_unchanged_from(std::uint32_t parameter, std::uint32_t group, std::uint32_t source_parameter,
                         std::uint32_t source_group);
  bool may_be_kept(std::uint32_t parameter, std::uint32_t rank) const;
  PartEnd source_end(Piece const& piece, Box const& box, std::uint32_t group) const;
  /// Of the own shard.
  Bytes target_offset(std::uint32_t parameter) const { return placed_[parameter].value(); }
  /// What the memory of a receiver gains, if it is bounded.
  Bytes growth_of(WantedPart const& part) const {
    return request_.options.frees_source ? part.moved.target_bytes() : 0;
  }
  void use(std::uint32_t rank, std::uint32_t wave);
  void gain(std::uint32_t rank, std::uint32_t wave, Bytes nbytes);
  RankSetId set_of(std::vector<std::uint32_t> const& ranks);
  RedistributeWave& extras(std::uint32_t wave);

  RedistributeRequest const& request_;
  SourceKinds sources_;
  TargetKinds targets_;
  std::map<std::uint32_t, std::uint32_t> source_number_;  ///< rank in the source's topology, by rank in the group
  ShardOffsets placed_;                                   ///< of this rank's target
  std::unordered_map<std::uint64_t, bool> unchanged_;     ///< by parameter and groups
  WaveScheduler scheduler_;
  WaveBuilders builders_;
  MemoryTrack memory_;
  StagingTrack staging_;
  std::map<std::vector<std::uint32_t>, RankSetId> sets_;
  std::map<std::uint32_t, std::uint32_t> last_use_;  ///< of the current piece: by holder, the last wave that reads it
  std::vector<std::vector<OwnRange>> own_ranges_;    ///< by parameter of the source
  std::vector<bool> is_own_kept_;                    ///< by parameter of the source
  std::vector<RedistributeWave> waves_;
  std::vector<std::uint32_t> receivers_;  ///< of the current part, like the next
  std::optional<Way> way_;
  RedistributePlan plan_;
};

}  // namespace distload
