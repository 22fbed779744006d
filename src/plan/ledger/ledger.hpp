/// Ledger: counts the bytes that every rank reads, sends, receives and holds, and assigns work to waves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <distload/plan/load_plan.hpp>

#include "plan/demand/rank_sets.hpp"
#include "plan/ledger/wave_scheduler.hpp"
#include "plan/plan_request.hpp"

namespace distload {

class Ledger {
 public:
  explicit Ledger(PlanRequest const& request);

  /// Counts a shard that each rank of a set holds.
  void count_shard(RankSetId holders, Bytes nbytes, bool may_be_view);
  /// Counts a storage request.
  void count_read(std::uint32_t reader, Bytes nbytes) {
    read_bytes_[reader] += nbytes;
    ++loads_[reader].requests;
  }
  /// Counts a message of `nbytes` to each of the `receivers` ranks of a set, without the sender. If the sender is in
  /// the set, call `count_senders_part` too.
  void count_message(std::uint32_t sender, RankSetId set, std::uint64_t receivers, Bytes nbytes) {
    loads_[sender].sent_bytes += receivers * nbytes;
    message_bytes_ += receivers * nbytes;
    bytes_of(set).received += nbytes;
  }
  /// Counts the part of a message that its sender, a rank of the receiving set, does not receive because it has read
  /// it.
  void count_senders_part(std::uint32_t sender, Bytes nbytes) { senders_parts_[sender] += nbytes; }
  /// Counts bytes that stay on the sender's node. They are counted as sent and received as well.
  void count_on_node(std::uint32_t sender, std::uint32_t receiver, Bytes nbytes) {
    loads_[sender].sent_on_node_bytes += nbytes;
    loads_[receiver].received_on_node_bytes += nbytes;
  }
  /// Counts bytes that a rank writes to the arena of another rank.
  void count_peer_write(std::uint32_t writer, std::uint32_t receiver, Bytes nbytes) {
    loads_[writer].sent_bytes += nbytes;
    loads_[receiver].received_bytes += nbytes;
    count_on_node(writer, receiver, nbytes);
  }

  /// Bytes read so far, by rank.
  std::span<Bytes const> read_bytes() const noexcept { return read_bytes_; }

  /// The wave of work that needs no staging on `rank`.
  std::uint32_t current_wave(std::uint32_t rank) { return scheduler_.current(rank); }
  /// The wave in which `reader` reads for all ranks of its node, without staging. For mapped files, a wave is limited
  /// such that the verified bytes are still cached when they are copied.
  std::uint32_t wave_of_node_read(std::uint32_t reader, Bytes nbytes);
  /// The wave of work on a tensor that needs staging on these ranks.
  /// @throws OutOfBudget  a need exceeds a slot.
  std::uint32_t wave_of_staged_work(std::span<StagingNeed const> needs, std::string const& tensor);
  std::uint32_t waves() const noexcept { return scheduler_.waves(); }

  /// Sets the loads of all ranks and their sums in `plan`.
  void write_totals(RankSets const& sets, LoadPlan& plan) &&;

 private:
  /// Bytes that are equal for all ranks of a set.
  struct SetBytes {
    Bytes resident = 0;
    Bytes views = 0;     ///< part of `resident` that may be views
    Bytes received = 0;  ///< by each rank, including the parts of `senders_parts_`
  };

  SetBytes& bytes_of(RankSetId set) {
    if (set_bytes_.size() <= set) set_bytes_.resize(set + std::size_t{1});
    return set_bytes_[set];
  }
  /// Adds the bytes of all sets to the loads of their ranks.
  void add_bytes_of_sets(RankSets const& sets);

  std::vector<RankLoad> loads_;
  std::vector<Bytes> read_bytes_;     ///< separate from `loads_`, because they are searched for every piece
  std::vector<Bytes> senders_parts_;  ///< by rank, see `count_senders_part`
  std::vector<SetBytes> set_bytes_;
  Bytes message_bytes_ = 0;  ///< sum over all messages; other sent bytes are written to arenas of other ranks
  bool has_staging_;  ///< true if the scheduler limits memory; for mapped files it limits the verified bytes of a wave
  WaveScheduler scheduler_;
};

}  // namespace distload
