/// NcclCommunicator: a group of ranks that communicates over NCCL, in the memory of one device per rank.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <distload/parallel/communicator.hpp>

#include "device/device.hpp"
#include "parallel/liveness/heartbeat.hpp"
#include "parallel/stream_messages.hpp"

struct ncclComm;

namespace distload {

/// All operations, also those on numbers, take device memory. Those of Communicator run in the communicator's own
/// stream and return when complete; the caller makes sure that its kernels have finished with the buffers before. Those
/// of StreamMessages run in a stream of the caller.
///
/// Uses NCCL's non-blocking mode, so that a rank that does not answer within the time-out causes a CommunicationError
/// instead of a hang. After an error the NCCL communicator is aborted and the object cannot be used any more. Used by
/// one thread at a time.
class NcclCommunicator final : public Communicator, public StreamMessages {
 public:
  struct Options {
    Device* device = nullptr;  ///< this rank's; ranks of a group have different ones; must outlive the communicator
    /// Limit for any operation, including set-up. Not used while a Watchdog watches the rank: it looks at all ranks,
    /// knows the one that is stuck, and lets ranks wait for one that makes progress.
    std::chrono::milliseconds timeout{300'000};
    /// Gets the beats of operations; must outlive the communicator. Null: that of `bootstrap`.
    Heartbeat* heartbeat = nullptr;
  };

  /// Collective over `bootstrap`, a group in host memory: creates a group of the same ranks on their devices. NCCL
  /// connects the ranks in the background; the first operation waits for that, and throws if it fails.
  /// @throws CommunicationError  there is no NCCL or it refuses to start; on all ranks.
  NcclCommunicator(Communicator& bootstrap, Options const& options);

  /// Collective, except while an exception unwinds: then it aborts the NCCL communicator, because the other ranks may
  /// not take part.
  ~NcclCommunicator() override;
  NcclCommunicator(NcclCommunicator const&) = delete;
  NcclCommunicator& operator=(NcclCommunicator const&) = delete;

  std::uint32_t rank() const noexcept override { return rank_; }
  std::uint32_t size() const noexcept override { return size_; }
  bool serves_device_memory() const noexcept override { return true; }

  void broadcast(std::span<std::byte> bytes, std::uint32_t root) override;
  void all_gather(std::span<std::byte const> sent, std::span<std::byte> received) override;
  void all_reduce(std::span<std::uint64_t> values, Reduction reduction) override;
  void all_reduce(std::span<double> values, Reduction reduction) override;
  void all_reduce(std::span<float> values, Reduction reduction) override;
  void exchange(std::span<Send const> sends, std::span<Receive const> receives) override;
  void barrier() override;
  std::unique_ptr<Communicator> split(std::uint32_t color, std::uint32_t key) override;

  /// Local: true once NCCL has connected the ranks, so that an operation starts at once.
  /// @throws CommunicationError  it has failed to.
  bool is_connected();

  /// Collective: returns when the exchange is enqueued, which needs all ranks to have connected. Buffers must not be
  /// touched until the stream has passed it.
  void exchange(std::vector<Send> sends, std::vector<Receive> receives, Stream& stream) override;
  /// Local. The time-out begins with the last exchange.
  void check() override;

 private:
  using Deadline = std::chrono::steady_clock::time_point;

  /// A deleter that aborts operations under way without waiting.
  struct Abort {
    void operator()(ncclComm* comm) const noexcept;
  };
  using Handle = std::unique_ptr<ncclComm, Abort>;

  /// Takes ownership of `owned`, which is set up.
  NcclCommunicator(Handle owned, Options const& options);

  void query_rank_and_size();
  void close();

  /// Runs `start`, which enqueues one operation, and waits until it is enqueued. On failure, aborts and throws.
  void enqueue(std::string_view operation, std::function<void()> const& start);
  /// Likewise in the own stream, and waits for its end.
  void run(std::string_view operation, std::function<void()> const& start);

  /// Calls `action`; if it throws, aborts the communicator.
  void or_abort(std::string_view operation, std::function<void()> const& action);

  /// The state of the last non-blocking call on `comm`: true if it has completed.
  /// @throws CommunicationError  it has failed.
  bool has_settled(ncclComm* comm, std::string_view operation) const;
  /// Waits until an enqueued operation `is_complete`, looking for failures of NCCL meanwhile. On failure, aborts and
  /// throws.
  void finish(std::string_view operation, std::function<bool()> const& is_complete);
  void wait_until(std::string_view operation, std::function<bool()> const& is_complete) const;
  void settle(ncclComm* comm, std::string_view operation) const;

  Deadline deadline() const;
  [[noreturn]] void time_out(std::string_view operation) const;
  [[noreturn]] void fail(std::string_view operation, std::string const& how) const;

  /// One group of messages.
  void enqueue(std::span<Send const> sends, std::span<Receive const> receives, Stream& stream);

  Options options_;
  DeviceMemory barrier_value_;  // outlives the stream
  std::unique_ptr<Stream> stream_;
  Handle comm_;
  std::unique_ptr<Event> exchanged_;  // after the last exchange in a stream of the caller
  Deadline exchange_deadline_;
  std::uint32_t rank_ = 0;
  std::uint32_t size_ = 0;
  int exceptions_at_birth_;
};

}  // namespace distload
