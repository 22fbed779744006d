/// MpiCommunicator: a group of ranks that communicates over MPI, in host memory.
#pragma once

#include <chrono>
#include <memory>

#include <mpi.h>

#include <distload/base/bytes.hpp>
#include <distload/parallel/communicator.hpp>

#include "parallel/liveness/heartbeat.hpp"

namespace distload {

/// Messages are divided into pieces of at most this size. Each piece that arrives is a beat, so that even slow links
/// show progress within a second. (MPI's counts are ints as well, and several transports handle more than 2 GiB badly.)
inline constexpr Bytes kDefaultPieceBytes = kMiB;

class MpiCommunicator final : public Communicator {
 public:
  struct Options {
    Bytes piece_bytes = kDefaultPieceBytes;  ///< a multiple of 8, below 2 GiB, equal on all ranks
    Heartbeat* heartbeat = nullptr;  ///< gets the beats of the group's operations; must outlive the communicator
  };

  /// Takes ownership of `owned` and sets its error handler to MPI_ERRORS_RETURN.
  MpiCommunicator(MPI_Comm owned, Options options);

  /// Collective over `original`: a group of the same ranks whose messages cannot match those of other users.
  static std::unique_ptr<MpiCommunicator> duplicate(MPI_Comm original, Options options);

  /// Frees the MPI communicator. That is collective, and is skipped while an exception unwinds, when the other ranks
  /// may not take part.
  ~MpiCommunicator() override;
  MpiCommunicator(MpiCommunicator const&) = delete;
  MpiCommunicator& operator=(MpiCommunicator const&) = delete;

  /// The destructor will not free the MPI communicator.
  void abandon() noexcept { comm_ = MPI_COMM_NULL; }

  MPI_Comm native() const noexcept { return comm_; }

  /// Marks this rank as waiting for others while the result lives.
  WaitScope mark_waiting() const noexcept { return WaitScope(options_.heartbeat); }

  /// Where beats go; may be null.
  Heartbeat* heartbeat() const noexcept { return options_.heartbeat; }

  /// Sets where beats go from now on; groups split off earlier keep the old heartbeat.
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

  /// Collective, with a time limit: true if all ranks called within `limit`; otherwise false, and the group cannot be
  /// used any more.
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

/// True if the ranks communicate by MPI.
bool uses_mpi(Communicator const& ranks) noexcept;

/// True if a thread may use `ranks` while others use other communicators: with MPI only at its highest thread level.
bool threads_may_use(Communicator const& ranks);

/// Collective: the number of `ranks` on this rank's machine.
std::uint32_t ranks_on_this_machine(Communicator& ranks);

/// Local: true if both are MPI communicators and some rank of `part` is not among `ranks`.
bool has_other_ranks(Communicator const& part, Communicator const& ranks);

/// Local: true if both are MPI communicators of the same ranks in the same order.
bool have_equal_ranks(Communicator const& a, Communicator const& b);

/// The MPI communicator of `ranks`, for other libraries.
/// @throws InternalError  `ranks` is not an MPI communicator.
MPI_Comm native_mpi(Communicator const& ranks);

}  // namespace distload
