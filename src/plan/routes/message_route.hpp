/// MessageRoute: one rank reads a piece and sends parts of it to the ranks that want them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "plan/ledger/ledger.hpp"
#include "plan/plan_request.hpp"
#include "plan/routes/route.hpp"
#include "plan/wave_builder.hpp"

namespace distload {

class MessageRoute final : public Route {
 public:
  /// All arguments outlive the object.
  MessageRoute(PlanRequest const& request, Ledger& ledger, WaveBuilders& waves)
      : request_(request), ledger_(ledger), waves_(waves) {}

  void start(CurrentParameter const& parameter) override;
  void plan(CurrentParameter const& parameter, ReadPiece const& piece) override;

 private:
  struct Reader {
    std::uint32_t rank = 0;
    std::uint32_t group = 0;  ///< of the rank
    std::uint32_t index = 0;  ///< of the rank in its group
  };
  /// Where the reader stores a piece.
  struct ReadTarget {
    Area area = Area::staging;
    Bytes offset_bytes = 0;
  };
  /// Staging that the messages of a piece need on each rank of a group that receives a part.
  struct MessageStaging {
    std::uint32_t group = 0;
    Bytes nbytes = 0;
  };

  Reader reader_of(CurrentParameter const& parameter, ReadPiece const& piece) const;
  /// Of the ranks that want a part of the job, the one that has read least so far.
  Reader least_loaded(CurrentParameter const& parameter, ReadJob const& job) const;
  /// True if the part is sent directly from the reader's piece and received directly in the shard, without packing.
  bool goes_in_place(WantedPart const& part) const noexcept;
  /// Staging that the part needs in a packed message; 0 if it is sent in place.
  Bytes packed_bytes(WantedPart const& part) const noexcept;
  /// True if the part belongs to the reader and is read directly to its place in the shard.
  bool is_read_to_shard(WantedPart const& part, Reader const& reader) const noexcept;

  /// Counts the read and the messages. @returns the bytes that the reader needs in its slot.
  Bytes count(CurrentParameter const& parameter, ReadPiece const& piece, Reader const& reader);
  /// Counts what goes to other ranks of the sender's node.
  void count_on_node(CurrentParameter const& parameter, WantedPart const& part, std::uint32_t sender);
  std::uint32_t wave_of(CurrentParameter const& parameter, ReadPiece const& piece, Reader const& reader,
                        Bytes reader_bytes);
  /// Includes groups that need no staging, because all receivers of the piece must be in the same wave. The result is
  /// valid until the next call.
  std::span<MessageStaging const> staging_by_group(CurrentParameter const& parameter, ReadPiece const& piece);

  /// Adds the operations of the own rank, which is `reader`.
  void add_read(CurrentParameter const& parameter, ReadPiece const& piece, Reader const& reader,
                WaveBuilder& wave) const;
  ReadTarget add_request(CurrentParameter const& parameter, ReadPiece const& piece, Reader const& reader,
                         WaveBuilder& wave) const;
  void add_send(CurrentParameter const& parameter, ReadPiece const& piece, WantedPart const& part,
                ReadTarget const& target, WaveBuilder& wave) const;
  void add_receives(CurrentParameter const& parameter, ReadPiece const& piece, std::uint32_t reader,
                    WaveBuilder& wave) const;

  PlanRequest const& request_;
  Ledger& ledger_;
  WaveBuilders& waves_;
  std::vector<Reader> reader_of_job_;  ///< by job of the current parameter; only set for broadcasts
  std::vector<StagingNeed> needs_;     ///< of the piece being planned, like `staging_`
  std::vector<MessageStaging> staging_;
  std::vector<std::uint32_t> staging_index_;  ///< by group, into `staging_`
};

}  // namespace distload
