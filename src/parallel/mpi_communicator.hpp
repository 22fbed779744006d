/// MpiCommunicator: a group of ranks that talks over MPI, in host memory.
#pragma once

#include <chrono>
#include <memory>

#include <mpi.h>

#include <distload/base/bytes.hpp>
#include <distload/parallel/communicator.hpp>

#include "parallel/liveness/heartbeat.hpp"

namespace distload {

/// Everything travels in pieces of at most this size: each that arrives is a sign of life, in time even where a link
/// brings few of them in a second. (MPI's counts are ints as well, and several transports copy badly beyond 2 GiB.)
inline constexpr Bytes kDefaultPieceBytes = kMiB;

class MpiCommunicator final : public Communicator {
 public:
  struct Options {
    Bytes piece_bytes = kDefaultPieceBytes;  ///< a multiple of 8, below 2 GiB, equal on all ranks
    Heartbeat* heartbeat = nullptr;  ///< where the group's operations leave signs of life; outlives the communicator
  };

  /// Takes over `owned` and makes its errors return.
  MpiCommunicator(MPI_Comm owned, Options options);

  /// Collective over `original`: a group of the same ranks whose messages cannot be mistaken for other people's.
  static std::unique_ptr<MpiCommunicator> duplicate(MPI_Comm original, Options options);

  /// Frees the MPI communicator, which is collective, but not while an exception unwinds: the other ranks may not come.
  ~MpiCommunicator() override;
  MpiCommunicator(MpiCommunicator const&) = delete;
  MpiCommunicator& operator=(MpiCommunicator const&) = delete;

  /// The destructor shall leave the MPI communicator alone.
  void abandon() noexcept { comm_ = MPI_COMM_NULL; }

  MPI_Comm native() const noexcept { return comm_; }

  /// While it lives this rank waits for others, as far as watchdogs see.
  WaitScope mark_waiting() const noexcept { return WaitScope(options_.heartbeat); }

  /// From now on `heartbeat` gets the signs of life; groups split off earlier keep theirs.
  void set_heartbeat(Heartbeat* heartbeat) noexcept { options_.heartbeat = heartbeat; }

  std::uint32_t rank() const noexcept override { return rank_; }
  std::uint32_t size() const noexcept override { return size_; }
  bool serves_device_memory() const noexcept override { return false; }

  void broadcast(std::span<std::byte> bytes, std::uint32_t root) override;
  void all_gather(std::span<std::byte const> sent, std::span<std::byte> received) override;
  void all_reduce(std::span<std::uint64_t> values, Reduction reduction) override;
  void all_reduce(std::span<double> values, Reduction reduction) override;
  void all_reduce(std::span<float> values, Reduction reduction) override;
  void exchange(std::span<Send const> sends, std::span<Receive const> receives) override;
  void barrier() override;

  /// Collective, but it does not insist: true if all ranks came within `limit`; otherwise false, and the group is of no
  /// more use.
  bool try_barrier(std::chrono::milliseconds limit);

  std::unique_ptr<Communicator> split(std::uint32_t color, std::uint32_t key) override;

  /// Collective: the ranks that share memory with this one, ordered by rank.
  std::unique_ptr<MpiCommunicator> split_by_node();

 private:
  void beat() noexcept {
    if (options_.heartbeat != nullptr) options_.heartbeat->beat();
  }

  template <class T>
  void all_reduce_typed(std::span<T> values, MPI_Datatype type, Reduction reduction);

  MPI_Comm comm_;
  Options options_;
  std::uint32_t rank_ = 0;
  std::uint32_t size_ = 0;
  int exceptions_at_birth_;
};

/// True if several threads may call MPI at the same time.
bool threads_may_call_mpi();

/// Collective: how many of the ranks are on this one's node.
/// @throws InternalError  `ranks` does not talk over MPI.
std::uint32_t ranks_on_this_node(Communicator const& ranks);

/// Local: true if both talk over MPI and some rank of `part` is not among `ranks`.
bool has_other_ranks(Communicator const& part, Communicator const& ranks);

/// The MPI communicator behind `ranks`, for libraries that want one.
/// @throws InternalError  `ranks` does not talk over MPI.
MPI_Comm native_mpi(Communicator const& ranks);

}  // namespace distload
