/// NcclCommunicator: a group of ranks that communicates over NCCL, in the memory of one device per rank.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>

#include <distload/parallel/communicator.hpp>

#include "parallel/cuda_handles.hpp"
#include "parallel/liveness/heartbeat.hpp"
#include "parallel/stream_messages.hpp"

struct ncclComm;

namespace distload {

/// All operations, also those on numbers, take device memory. They run in the communicator's own stream and return when
/// complete; the caller makes sure that its kernels have finished with the buffers before.
///
/// Uses NCCL's non-blocking mode, so that a rank that does not answer within the time-out causes a CommunicationError
/// instead of a hang. After an error the NCCL communicator is aborted and the object cannot be used any more.
class NcclCommunicator final : public Communicator, public StreamMessages {
 public:
  struct Options {
    int device = 0;                              ///< this rank's CUDA device; ranks of a group have different devices
    std::chrono::milliseconds timeout{300'000};  ///< limit for any operation, including set-up
    Heartbeat* heartbeat = nullptr;              ///< gets the beats of operations; must outlive the communicator
  };

  /// Collective over `bootstrap`, a group in host memory: creates a group of the same ranks on their devices. Makes
  /// `device` current. NCCL connects the ranks in the background; the first operation waits for that, and throws if it
  /// fails.
  /// @throws CommunicationError  NCCL refuses to start; on all ranks.
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
  void exchange(std::vector<Send> sends, std::vector<Receive> receives, Stream& stream) override;
  void check() override;
  void barrier() override;
  std::unique_ptr<Communicator> split(std::uint32_t color, std::uint32_t key) override;

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

  /// Enqueues one group of messages on a stream (cudaStream_t).
  void enqueue(std::span<Send const> sends, std::span<Receive const> receives, void* stream);

  /// Runs `start`, which enqueues one operation on the stream, and waits for its end. On failure, aborts and throws.
  void run(std::string_view operation, std::function<void()> const& start);

  /// Waits until the last non-blocking call on `comm` has completed.
  void settle(ncclComm* comm, std::string_view operation, Deadline deadline) const;
  void wait_for_stream(std::string_view operation, Deadline deadline) const;
  Deadline deadline() const { return std::chrono::steady_clock::now() + options_.timeout; }

  Options options_;
  CudaStream stream_;
  CudaBuffer barrier_value_;
  Handle comm_;
  std::uint32_t rank_ = 0;
  std::uint32_t size_ = 0;
  int exceptions_at_birth_;
};

}  // namespace distload
