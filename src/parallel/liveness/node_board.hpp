/// NodeBoard: what the ranks of one node see of each other without communicating: everyone's Heartbeat, and who prints
/// the job's last word.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

#include <mpi.h>

#include "parallel/liveness/heartbeat.hpp"

namespace distload {

class MpiCommunicator;

/// An owner of MPI shared memory. It goes back to MPI only in `close`, which is collective; an owner that is destroyed
/// without leaves the memory to the end of the process, because the other ranks may be gone.
class NodeBoard {
 public:
  struct Entry {
    std::uint32_t job_rank;
    int process;  ///< its number
    Heartbeat heartbeat;
  };

  /// Collective over `node`, whose ranks share memory. `job_rank` is this process' rank in the whole job.
  NodeBoard(MpiCommunicator& node, std::uint32_t job_rank);
  ~NodeBoard() { of_process_ = nullptr; }
  NodeBoard(NodeBoard const&) = delete;
  NodeBoard& operator=(NodeBoard const&) = delete;

  /// Collective: gives the memory back. No entry may be touched afterwards.
  void close();

  Heartbeat& own() noexcept { return entries_[own_].heartbeat; }

  /// This process has a watchdog.
  bool is_watched() const noexcept { return entries_[own_].heartbeat.is_watched(); }

  /// All ranks of the node, ordered by rank.
  std::span<Entry const> entries() const noexcept { return entries_; }

  /// True for exactly one caller on this node: it tells the user why the job ends. All others keep quiet.
  bool claim_error_message() noexcept { return !header_->error_message_is_claimed.exchange(true); }

  /// The node's number in the job, counted from that of rank 0: nodes print in this order.
  void set_node_number(std::uint32_t number) noexcept { node_number_ = number; }
  std::uint32_t node_number() const noexcept { return node_number_; }

  /// The node of rank 0 has answered a watchdog of this one; how often it has.
  void note_answer() noexcept { header_->answers.fetch_add(1); }
  std::uint64_t answers() const noexcept { return header_->answers.load(); }

  /// The one of this process, or nullptr: for those who have to end the job and have no MpiEnvironment at hand.
  static NodeBoard* of_process() noexcept { return of_process_; }

 private:
  struct Header {
    std::atomic<bool> error_message_is_claimed{false};
    std::atomic<std::uint64_t> answers{0};
  };

  static inline std::atomic<NodeBoard*> of_process_ = nullptr;

  MPI_Win window_ = MPI_WIN_NULL;
  Header* header_ = nullptr;
  std::span<Entry> entries_;
  std::size_t own_ = 0;
  std::uint32_t node_number_ = 0;
};

}  // namespace distload
