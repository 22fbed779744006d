/// Operations: what the calls of a group ask for, and how it enters a stream.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <nccl.h>

#include "shared_group.hpp"

namespace nccl_double {

enum class Operation : std::uint32_t { send, receive, broadcast, all_gather, all_reduce };
char const* name_of(Operation operation);

/// Bytes of an element; nothing if the type does not exist.
std::optional<std::size_t> size_of(ncclDataType_t type);

/// One call.
struct Task {
  Operation operation{};
  void const* from = nullptr;
  void* to = nullptr;
  std::size_t count = 0;
  ncclDataType_t type = ncclInt8;
  int peer = 0;  ///< of a message; the root of a broadcast
  ncclRedOp_t reduction = ncclSum;
  std::uint64_t number = 0;  ///< of a collective in its communicator

  Head head() const;
  std::size_t nbytes() const { return count * size_of(type).value_or(0); }
};

/// What the functions in streams share with their communicator, and outlives it.
struct Progress {
  std::shared_ptr<SharedGroup> group;
  int rank = 0;
  std::atomic<bool> is_aborted = false;
  std::atomic<std::uint64_t> enqueued = 0;   ///< groups
  std::atomic<std::uint64_t> completed = 0;  ///< groups
  /// Chunks enqueued so far, by peer. Used by one thread at a time.
  std::vector<std::uint64_t> sent;
  std::vector<std::uint64_t> received;
};

/// Enqueues the calls of one group, which proceed together.
void enqueue_tasks(std::vector<Task> const& tasks, std::shared_ptr<Progress> const& progress, cudaStream_t stream);

/// Enqueues an operation that ends only when the communicator is aborted.
void enqueue_hang(std::shared_ptr<Progress> const& progress, cudaStream_t stream);

}  // namespace nccl_double
