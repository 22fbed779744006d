/// NodeBoard: state that the ranks of a node share without communication: every rank's Heartbeat, and which rank prints
/// the error message.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

#include <mpi.h>

#include "parallel/liveness/heartbeat.hpp"

namespace distload {

class MpiCommunicator;

/// Owns MPI shared memory. Only `close`, which is collective, frees it; the destructor alone leaves the memory until
/// the process ends, because the other ranks may have ended.
class NodeBoard {
 public:
  struct Entry {
    std::uint32_t job_rank;
    int process;  ///< process id
    Heartbeat heartbeat;
  };

  /// Collective over `node`, whose ranks share memory. `job_rank` is this process's rank in the job.
  NodeBoard(MpiCommunicator& node, std::uint32_t job_rank);
  ~NodeBoard() { of_process_ = nullptr; }
  NodeBoard(NodeBoard const&) = delete;
  NodeBoard& operator=(NodeBoard const&) = delete;

  /// Collective: frees the memory. Entries must not be used afterwards.
  void close();

  Heartbeat& own() noexcept { return entries_[own_].heartbeat; }

  /// This process's rank in the job.
  std::uint32_t own_job_rank() const noexcept { return entries_[own_].job_rank; }

  /// True if this process has a watchdog.
  bool is_watched() const noexcept { return entries_[own_].heartbeat.is_watched(); }

  /// The entries of all ranks of the node, ordered by rank.
  std::span<Entry const> entries() const noexcept { return entries_; }

  /// True for exactly one caller on this node, which prints the error message of the job. All others must not print.
  bool claim_error_message() noexcept { return !header_->error_message_is_claimed.exchange(true); }

  /// Sets the node's number in the job, counted from rank 0's node: nodes print in this order.
  void set_node_number(std::uint32_t number) noexcept { node_number_ = number; }
  std::uint32_t node_number() const noexcept { return node_number_; }

  /// Counts the answers of rank 0's node to watchdogs of this node.
  void note_answer() noexcept { header_->answers.fetch_add(1); }
  std::uint64_t answers() const noexcept { return header_->answers.load(); }

  /// The board of this process, or nullptr; for code that ends the job without access to the MpiEnvironment.
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
