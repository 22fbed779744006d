/// Ledger: what every rank reads, sends, receives and holds, and in which waves.
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

  /// A shard that each rank of a set holds.
  void count_shard(RankSetId holders, Bytes nbytes, bool may_be_view);
  /// A request to storage.
  void count_read(std::uint32_t reader, Bytes nbytes) {
    read_bytes_[reader] += nbytes;
    ++loads_[reader].requests;
  }
  /// What a rank sends to each of the `receivers` ranks of a set that are not itself. Where the sender is one of the
  /// set, `count_kept` has to follow.
  void count_message(std::uint32_t sender, RankSetId set, std::uint64_t receivers, Bytes nbytes) {
    loads_[sender].sent_bytes += receivers * nbytes;
    message_bytes_ += receivers * nbytes;
    bytes_of(set).received += nbytes;
  }
  /// What the sender of a message read for itself, being one of the set that the message goes to.
  void count_kept(std::uint32_t sender, Bytes nbytes) { kept_bytes_[sender] += nbytes; }
  /// What a rank writes to the arena of another.
  void count_peer_write(std::uint32_t writer, std::uint32_t receiver, Bytes nbytes) {
    loads_[writer].sent_bytes += nbytes;
    loads_[receiver].received_bytes += nbytes;
  }

  /// By each rank so far.
  std::span<Bytes const> read_bytes() const noexcept { return read_bytes_; }

  /// The wave of work that needs no staging on `rank`.
  std::uint32_t current_wave(std::uint32_t rank) { return scheduler_.current(rank); }
  /// The wave in which `reader` reads for all ranks of its node, without staging. Of mapped files a wave holds as much
  /// as is still in the cache when it is copied from there.
  std::uint32_t wave_of_node_read(std::uint32_t reader, Bytes nbytes);
  /// The wave of work of a tensor that takes staging on these ranks.
  /// @throws OutOfBudget  a slot cannot hold it.
  std::uint32_t wave_of_staged_work(std::span<StagingNeed const> needs, std::string const& tensor);
  std::uint32_t waves() const noexcept { return scheduler_.waves(); }

  /// Fills in what is known of every rank, and its sums.
  void write_totals(RankSets const& sets, LoadPlan& plan) &&;

 private:
  /// What all ranks of a set have alike.
  struct SetBytes {
    Bytes resident = 0;
    Bytes views = 0;     ///< of them
    Bytes received = 0;  ///< by each rank, counting also what it had read itself
  };

  SetBytes& bytes_of(RankSetId set) {
    if (set_bytes_.size() <= set) set_bytes_.resize(set + std::size_t{1});
    return set_bytes_[set];
  }
  /// To the loads of their ranks.
  void add_bytes_of_sets(RankSets const& sets);

  std::vector<RankLoad> loads_;
  std::vector<Bytes> read_bytes_;  ///< apart from `loads_`, as they are searched for every piece
  std::vector<Bytes> kept_bytes_;  ///< by each rank, of what it read itself
  std::vector<SetBytes> set_bytes_;
  Bytes message_bytes_ = 0;  ///< of all that is sent; the rest is written to arenas of other ranks
  bool has_staging_;         ///< what the scheduler limits is memory; of mapped files it is what a wave verifies
  WaveScheduler scheduler_;
};

}  // namespace distload
