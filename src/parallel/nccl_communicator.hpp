/// NcclCommunicator: a group of ranks that talks over NCCL, in the memory of one device per rank.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>

#include <distload/parallel/communicator.hpp>

#include "parallel/cuda_handles.hpp"
#include "parallel/liveness/heartbeat.hpp"

struct ncclComm;

namespace distload {

/// All operations, also those on numbers, take device memory. They run in a stream of the communicator's own and return
/// when they are done there; the caller sees to it that its own kernels have finished with the buffers before.
///
/// NCCL is used in its non-blocking form, so that a rank that does not answer within the time-out becomes a
/// CommunicationError instead of a hang. After an error the NCCL communicator is aborted and the object of no more use.
class NcclCommunicator final : public Communicator {
 public:
  struct Options {
    int device = 0;                              ///< this rank's CUDA device; no two ranks of a group may share one
    std::chrono::milliseconds timeout{300'000};  ///< how long any operation may take, the set-up included
    Heartbeat* heartbeat = nullptr;              ///< where operations leave signs of life; outlives the communicator
  };

  /// Collective over `bootstrap`, a group in host memory: a group of the same ranks on their devices. Makes `device`
  /// current. NCCL connects the ranks in the background; the first operation waits for that, and fails if it does.
  /// @throws CommunicationError  NCCL refuses to begin; on all ranks.
  NcclCommunicator(Communicator& bootstrap, Options const& options);

  /// Collective, except while an exception unwinds: then the NCCL communicator is aborted, because the other ranks may
  /// not come.
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

 private:
  using Deadline = std::chrono::steady_clock::time_point;

  /// Abandons what is in flight, without waiting.
  struct Abort {
    void operator()(ncclComm* comm) const noexcept;
  };
  using Handle = std::unique_ptr<ncclComm, Abort>;

  /// Takes over `owned`, which is set up.
  NcclCommunicator(Handle owned, Options const& options);

  void learn_rank_and_size();
  void close();

  /// Runs `start`, which puts one operation into the stream, and waits for its end. If anything fails, aborts and
  /// throws.
  void run(std::string_view operation, std::function<void()> const& start);

  /// Waits until NCCL has taken in what was last asked of `comm`.
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
