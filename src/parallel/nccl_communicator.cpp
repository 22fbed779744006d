// Communicator over NCCL.
#include "parallel/nccl_communicator.hpp"

#include <cassert>
#include <exception>
#include <string>
#include <thread>
#include <utility>

#include <cuda_runtime.h>
#include <nccl.h>

#include <distload/base/error.hpp>

#include "device/cuda/cuda_check.hpp"
#include "parallel/all_or_throw.hpp"
#include "parallel/nccl_check.hpp"

namespace distload {
namespace {

ncclRedOp_t operation_of(Reduction reduction) {
  switch (reduction) {
    case Reduction::sum: return ncclSum;
    case Reduction::max: return ncclMax;
    case Reduction::min: return ncclMin;
  }
  return ncclNumOps;
}

ncclConfig_t non_blocking() {
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  return config;
}

CudaStream stream_on(int device) {
  DISTLOAD_CUDA(cudaSetDevice(device));
  return {};
}

ncclUniqueId shared_id(Communicator& bootstrap) {
  auto id = all_or_throw(bootstrap, "nccl", [&] {
    ncclUniqueId made{};
    if (bootstrap.rank() == 0) DISTLOAD_NCCL(ncclGetUniqueId(&made));
    return made;
  });
  bootstrap.broadcast(std::as_writable_bytes(std::span(&id, 1)), 0);
  return id;
}

}  // namespace

NcclCommunicator::NcclCommunicator(Communicator& bootstrap, Options const& options)
    : options_(options),
      stream_(stream_on(options.device)),
      barrier_value_(sizeof(std::uint64_t)),
      rank_(bootstrap.rank()),
      size_(bootstrap.size()),
      exceptions_at_birth_(std::uncaught_exceptions()) {
  auto const id = shared_id(bootstrap);
  // NCCL's own collective runs in the background, so it is allowed inside all_or_throw.
  all_or_throw(bootstrap, "nccl", [&] {
    auto config = non_blocking();
    auto const ranks = static_cast<int>(bootstrap.size());
    ncclComm* made = nullptr;
    DISTLOAD_NCCL(ncclCommInitRankConfig(&made, ranks, id, static_cast<int>(bootstrap.rank()), &config));
    comm_.reset(made);
  });
}

NcclCommunicator::NcclCommunicator(Handle owned, Options const& options)
    : options_(options),
      stream_(stream_on(options.device)),
      barrier_value_(sizeof(std::uint64_t)),
      comm_(std::move(owned)),
      exceptions_at_birth_(std::uncaught_exceptions()) {
  query_rank_and_size();
}

NcclCommunicator::~NcclCommunicator() {
  if (comm_ == nullptr || std::uncaught_exceptions() > exceptions_at_birth_) return;
  try {
    close();
  } catch (Error const&) {
    // All operations are complete, so that this failure loses no data; the handle's destructor aborts the rest.
    return;
  }
}

void NcclCommunicator::Abort::operator()(ncclComm* comm) const noexcept { ncclCommAbort(comm); }

void NcclCommunicator::query_rank_and_size() {
  int number = 0;
  DISTLOAD_NCCL(ncclCommUserRank(comm_.get(), &number));
  rank_ = static_cast<std::uint32_t>(number);
  DISTLOAD_NCCL(ncclCommCount(comm_.get(), &number));
  size_ = static_cast<std::uint32_t>(number);
}

void NcclCommunicator::close() {
  settle(comm_.get(), "set-up", deadline());
  DISTLOAD_NCCL(ncclCommFinalize(comm_.get()));
  settle(comm_.get(), "finalisation", deadline());
  DISTLOAD_NCCL(ncclCommDestroy(comm_.release()));
}

void NcclCommunicator::run(std::string_view operation, std::function<void()> const& start) {
  if (comm_ == nullptr) throw CommunicationError("NCCL " + std::string(operation) + " after an earlier failure");
  WaitScope const mark(options_.heartbeat);
  auto const until = deadline();
  try {
    settle(comm_.get(), "set-up", until);
    start();
    settle(comm_.get(), operation, until);
    wait_for_stream(operation, until);
  } catch (...) {
    comm_.reset();
    throw;
  }
}

void NcclCommunicator::settle(ncclComm* comm, std::string_view operation, Deadline deadline) const {
  while (true) {
    ncclResult_t state = ncclInProgress;
    DISTLOAD_NCCL(ncclCommGetAsyncError(comm, &state));
    if (state == ncclSuccess) return;
    if (state != ncclInProgress) {
      throw CommunicationError("NCCL " + std::string(operation) + " failed: " + ncclGetErrorString(state) + ": " +
                               ncclGetLastError(comm));
    }
    if (std::chrono::steady_clock::now() > deadline) {
      throw CommunicationError("NCCL " + std::string(operation) + " did not end in time");
    }
    std::this_thread::yield();
  }
}

void NcclCommunicator::wait_for_stream(std::string_view operation, Deadline deadline) const {
  // A failure of a peer is visible only in the communicator's state: the kernel in the stream would wait forever.
  while (!stream_.is_done()) {
    settle(comm_.get(), operation, deadline);
    if (std::chrono::steady_clock::now() > deadline) {
      throw CommunicationError("NCCL " + std::string(operation) + " did not end in time");
    }
    std::this_thread::yield();
  }
}

void NcclCommunicator::broadcast(std::span<std::byte> bytes, std::uint32_t root) {
  assert(root < size_);
  run("broadcast", [&] {
    DISTLOAD_NCCL(ncclBroadcast(bytes.data(), bytes.data(), bytes.size(), ncclInt8, static_cast<int>(root), comm_.get(),
                                stream_.get()));
  });
}

void NcclCommunicator::all_gather(std::span<std::byte const> sent, std::span<std::byte> received) {
  assert(received.size() == sent.size() * size_);
  run("all-gather", [&] {
    DISTLOAD_NCCL(ncclAllGather(sent.data(), received.data(), sent.size(), ncclInt8, comm_.get(), stream_.get()));
  });
}

void NcclCommunicator::all_reduce(std::span<std::uint64_t> values, Reduction reduction) {
  run("all-reduce", [&] {
    DISTLOAD_NCCL(ncclAllReduce(values.data(), values.data(), values.size(), ncclUint64, operation_of(reduction),
                                comm_.get(), stream_.get()));
  });
}

void NcclCommunicator::all_reduce(std::span<double> values, Reduction reduction) {
  run("all-reduce", [&] {
    DISTLOAD_NCCL(ncclAllReduce(values.data(), values.data(), values.size(), ncclFloat64, operation_of(reduction),
                                comm_.get(), stream_.get()));
  });
}

void NcclCommunicator::all_reduce(std::span<float> values, Reduction reduction) {
  run("all-reduce", [&] {
    DISTLOAD_NCCL(ncclAllReduce(values.data(), values.data(), values.size(), ncclFloat32, operation_of(reduction),
                                comm_.get(), stream_.get()));
  });
}

void NcclCommunicator::enqueue(std::span<Send const> sends, std::span<Receive const> receives, void* stream) {
  auto* const on = static_cast<cudaStream_t>(stream);
  DISTLOAD_NCCL(ncclGroupStart());
  for (auto const& [peer, data, nbytes] : receives) {
    if (nbytes == 0) continue;
    DISTLOAD_NCCL(ncclRecv(data, nbytes, ncclInt8, static_cast<int>(peer), comm_.get(), on));
  }
  for (auto const& [peer, data, nbytes] : sends) {
    if (nbytes == 0) continue;
    DISTLOAD_NCCL(ncclSend(data, nbytes, ncclInt8, static_cast<int>(peer), comm_.get(), on));
  }
  DISTLOAD_NCCL(ncclGroupEnd());
}

void NcclCommunicator::exchange(std::span<Send const> sends, std::span<Receive const> receives) {
  run("exchange", [&] { enqueue(sends, receives, stream_.get()); });
}

void NcclCommunicator::exchange(std::vector<Send> sends, std::vector<Receive> receives, Stream& stream) {
  if (comm_ == nullptr) throw CommunicationError("NCCL exchange after an earlier failure");
  WaitScope const mark(options_.heartbeat);
  try {
    settle(comm_.get(), "set-up", deadline());
    enqueue(sends, receives, stream.handle());
    settle(comm_.get(), "exchange", deadline());
  } catch (...) {
    comm_.reset();
    throw;
  }
}

void NcclCommunicator::check() {
  if (comm_ != nullptr) settle(comm_.get(), "exchange", deadline());
}

void NcclCommunicator::barrier() {
  auto* const value = reinterpret_cast<std::uint64_t*>(barrier_value_.data());
  all_reduce(std::span(value, 1), Reduction::max);
}

std::unique_ptr<Communicator> NcclCommunicator::split(std::uint32_t color, std::uint32_t key) {
  // A thread of NCCL writes the new group here, at the latest when the parent group has settled or is aborted.
  ncclComm* made = nullptr;
  Handle part;
  run("split", [&] {
    auto config = non_blocking();
    DISTLOAD_NCCL(ncclCommSplit(comm_.get(), static_cast<int>(color), static_cast<int>(key), &made, &config));
    settle(comm_.get(), "split", deadline());
    part.reset(made);
    settle(made, "split", deadline());
  });
  return std::unique_ptr<Communicator>(new NcclCommunicator(std::move(part), options_));
}

}  // namespace distload
