/// MessageRoute: one rank reads a piece and sends the others what they want of it.
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
    std::uint32_t group = 0;  ///< that the rank is in
    std::uint32_t index = 0;  ///< of the rank, among those of the group
  };
  /// Where the reader has a piece.
  struct ReadTarget {
    Area area = Area::staging;
    Bytes offset_bytes = 0;
  };
  /// Staging that the messages with a piece take on each rank of a group that gets some of it.
  struct MessageStaging {
    std::uint32_t group = 0;
    Bytes nbytes = 0;
  };

  Reader reader_of(CurrentParameter const& parameter, ReadPiece const& piece) const;
  /// Of the ranks that want some of the job, the one that has read least so far.
  Reader least_loaded(CurrentParameter const& parameter, ReadJob const& job) const;
  /// True if the part is sent from where the reader has it, and received in its shard, without being packed.
  bool goes_in_place(WantedPart const& part) const noexcept;
  /// Staging that the part takes in a message.
  Bytes packed_bytes(WantedPart const& part) const noexcept;
  /// True if the part is the reader's own and storage is read straight to its place in the shard.
  bool is_read_to_shard(WantedPart const& part, Reader const& reader) const noexcept;

  /// Counts what is sent. @returns what the reader needs in its slot.
  Bytes count(CurrentParameter const& parameter, ReadPiece const& piece, Reader const& reader);
  std::uint32_t wave_of(CurrentParameter const& parameter, ReadPiece const& piece, Reader const& reader,
                        Bytes reader_bytes);
  /// Names also the groups whose messages take none, as all that get some of the piece are in the same wave. @returns
  /// what is valid until the next call.
  std::span<MessageStaging const> staging_by_group(CurrentParameter const& parameter, ReadPiece const& piece);

  /// What the own rank does, which is `reader`.
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
  std::vector<Reader> reader_of_job_;  ///< of the current parameter; only of jobs that are broadcast
  std::vector<StagingNeed> needs_;     ///< of the piece being planned, as is `staging_`
  std::vector<MessageStaging> staging_;
  std::vector<std::uint32_t> staging_index_;  ///< by group, into `staging_`
};

}  // namespace distload
