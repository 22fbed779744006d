// Every operation is a list of messages between pairs of ranks, which are copied in chunks through channels. Chunk n of
// all messages of a group comes before chunk n + 1 of any, so that no rank waits for a chunk that the other would send
// only later.
#include "operation.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

#include "report.hpp"
#include "streams.hpp"

namespace nccl_double {
namespace {

/// A part of a message that fits a slot.
struct Piece {
  std::byte const* from = nullptr;
  std::byte* to = nullptr;
  std::size_t nbytes = 0;
  Head head;
};

using Pieces = std::vector<Piece>;

void append(Pieces& pieces, void const* from, void* to, std::size_t nbytes, Head const& head) {
  std::size_t done = 0;
  do {
    auto const part = std::min(nbytes - done, Channel::kChunkBytes);
    pieces.push_back({from == nullptr ? nullptr : static_cast<std::byte const*>(from) + done,
                      to == nullptr ? nullptr : static_cast<std::byte*>(to) + done, part, head});
    done += part;
  } while (done < nbytes);
}

/// Waits in a stream's thread. @returns false if the communicator was aborted.
template <class Condition>
bool wait_for(Progress const& progress, Condition const& condition) {
  while (!condition()) {
    if (progress.is_aborted) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(20));
  }
  return !progress.is_aborted;
}

std::string described(Head const& head) {
  return std::string(name_of(static_cast<Operation>(head.kind))) + " of " + std::to_string(head.count) +
         " elements of type " + std::to_string(head.type) + ", number " + std::to_string(head.number) +
         ", root or reduction " + std::to_string(head.detail);
}

void send_piece(Piece const& piece, int peer, std::uint64_t number, std::shared_ptr<Progress> const& progress,
                cudaStream_t stream) {
  auto& channel = progress->group->channel(progress->rank, peer);
  auto const slot = number % Channel::kSlots;
  enqueue(stream, [&channel, number, progress] {
    wait_for(*progress, [&] { return channel.taken + Channel::kSlots > number; });
  });
  enqueue_copy(stream, channel.chunks[slot].data(), piece.from, piece.nbytes, progress->is_aborted);
  enqueue(stream, [&channel, slot, number, head = piece.head, progress] {
    if (progress->is_aborted) return;
    channel.heads[slot] = head;
    channel.filled = number + 1;
  });
}

void receive_piece(Piece const& piece, int peer, std::uint64_t number, std::shared_ptr<Progress> const& progress,
                   cudaStream_t stream) {
  auto& channel = progress->group->channel(peer, progress->rank);
  auto const slot = number % Channel::kSlots;
  enqueue(stream, [&channel, slot, number, peer, expected = piece.head, progress] {
    if (!wait_for(*progress, [&] { return channel.filled > number; })) return;
    if (auto const sent = channel.heads[slot]; !(sent == expected)) {
      misuse("rank " + std::to_string(progress->rank) + " expects from rank " + std::to_string(peer) + " a " +
             described(expected) + ", and gets a " + described(sent));
    }
  });
  enqueue_copy(stream, piece.to, channel.chunks[slot].data(), piece.nbytes, progress->is_aborted);
  enqueue(stream, [&channel, number, progress] {
    if (!progress->is_aborted) channel.taken = number + 1;
  });
}

template <class T>
void reduce(std::byte* result, std::byte const* all, std::size_t count, int ranks, ncclRedOp_t reduction) {
  auto* const sums = reinterpret_cast<T*>(result);
  auto const* const values = reinterpret_cast<T const*>(all);
  for (std::size_t i = 0; i < count; ++i) {
    auto value = values[i];
    for (int rank = 1; rank < ranks; ++rank) {
      auto const other = values[static_cast<std::size_t>(rank) * count + i];
      switch (reduction) {
        case ncclMax: value = std::max(value, other); break;
        case ncclMin: value = std::min(value, other); break;
        default: value = static_cast<T>(value + other);
      }
    }
    sums[i] = value;
  }
}

void reduce_any(std::byte* result, std::byte const* all, Task const& task, int ranks) {
  switch (task.type) {
    case ncclInt32: return reduce<std::int32_t>(result, all, task.count, ranks, task.reduction);
    case ncclUint32: return reduce<std::uint32_t>(result, all, task.count, ranks, task.reduction);
    case ncclInt64: return reduce<std::int64_t>(result, all, task.count, ranks, task.reduction);
    case ncclUint64: return reduce<std::uint64_t>(result, all, task.count, ranks, task.reduction);
    case ncclFloat32: return reduce<float>(result, all, task.count, ranks, task.reduction);
    case ncclFloat64: return reduce<double>(result, all, task.count, ranks, task.reduction);
    default: misuse("the double does not reduce type " + std::to_string(task.type));
  }
}

/// The messages of one group: what goes to and comes from each peer, in order.
class Messages {
 public:
  Messages(std::shared_ptr<Progress> progress, cudaStream_t stream)
      : progress_(std::move(progress)),
        stream_(stream),
        to_(static_cast<std::size_t>(progress_->group->size())),
        from_(to_.size()) {}

  void send(int peer, void const* data, std::size_t nbytes, Head const& head) {
    append(to_[static_cast<std::size_t>(peer)], data, nullptr, nbytes, head);
  }
  void receive(int peer, void* data, std::size_t nbytes, Head const& head) {
    append(from_[static_cast<std::size_t>(peer)], nullptr, data, nbytes, head);
  }

  void enqueue_all() {
    std::size_t rounds = 0;
    for (auto const& pieces : to_) rounds = std::max(rounds, pieces.size());
    for (auto const& pieces : from_) rounds = std::max(rounds, pieces.size());
    for (std::size_t round = 0; round < rounds; ++round) {
      for (std::size_t peer = 0; peer < to_.size(); ++peer) {
        if (round >= to_[peer].size()) continue;
        send_piece(to_[peer][round], static_cast<int>(peer), progress_->sent[peer]++, progress_, stream_);
      }
      for (std::size_t peer = 0; peer < from_.size(); ++peer) {
        if (round >= from_[peer].size()) continue;
        receive_piece(from_[peer][round], static_cast<int>(peer), progress_->received[peer]++, progress_, stream_);
      }
    }
    to_.assign(to_.size(), {});
    from_.assign(from_.size(), {});
  }

 private:
  std::shared_ptr<Progress> progress_;
  cudaStream_t stream_;
  std::vector<Pieces> to_;
  std::vector<Pieces> from_;
};

void enqueue_broadcast(Task const& task, Progress const& progress, cudaStream_t stream, Messages& messages) {
  if (progress.rank != task.peer) return messages.receive(task.peer, task.to, task.nbytes(), task.head());
  for (int peer = 0; peer < progress.group->size(); ++peer) {
    if (peer != progress.rank) messages.send(peer, task.from, task.nbytes(), task.head());
  }
  enqueue_copy(stream, task.to, task.from, task.nbytes(), progress.is_aborted);
}

void enqueue_gather(Task const& task, void const* from, std::byte* to, Progress const& progress, cudaStream_t stream,
                    Messages& messages) {
  auto const part = [&](int rank) { return to + static_cast<std::size_t>(rank) * task.nbytes(); };
  enqueue_copy(stream, part(progress.rank), from, task.nbytes(), progress.is_aborted);
  for (int peer = 0; peer < progress.group->size(); ++peer) {
    if (peer == progress.rank) continue;
    messages.send(peer, part(progress.rank), task.nbytes(), task.head());
    messages.receive(peer, part(peer), task.nbytes(), task.head());
  }
}

void enqueue_reduction(Task const& task, std::shared_ptr<Progress> const& progress, cudaStream_t stream,
                       Messages& messages) {
  auto const ranks = progress->group->size();
  auto const all = stage(task.nbytes() * static_cast<std::size_t>(ranks));
  auto const result = stage(task.nbytes());
  enqueue_gather(task, task.from, all.get(), *progress, stream, messages);
  messages.enqueue_all();
  enqueue(stream, [task, all, result, ranks, progress] {
    if (!progress->is_aborted) reduce_any(result.get(), all.get(), task, ranks);
  });
  enqueue_copy(stream, task.to, result.get(), task.nbytes(), progress->is_aborted);
  enqueue(stream, [result] {});  // keeps it until the copy is complete
}

}  // namespace

char const* name_of(Operation operation) {
  switch (operation) {
    case Operation::send:
    case Operation::receive: return "message";
    case Operation::broadcast: return "broadcast";
    case Operation::all_gather: return "all-gather";
    case Operation::all_reduce: return "all-reduce";
  }
  return "?";
}

std::optional<std::size_t> size_of(ncclDataType_t type) {
  switch (type) {
    case ncclInt8:
    case ncclUint8: return 1;
    case ncclFloat16:
    case ncclBfloat16: return 2;
    case ncclInt32:
    case ncclUint32:
    case ncclFloat32: return 4;
    case ncclInt64:
    case ncclUint64:
    case ncclFloat64: return 8;
    default: return std::nullopt;
  }
}

Head Task::head() const {
  Head result;
  bool const is_message = operation == Operation::send || operation == Operation::receive;
  result.kind = static_cast<std::uint32_t>(is_message ? Operation::send : operation);
  result.type = static_cast<std::uint32_t>(type);
  result.count = count;
  if (is_message) return result;
  result.number = number;
  result.detail = static_cast<std::uint32_t>(operation == Operation::all_reduce ? static_cast<int>(reduction) : peer);
  return result;
}

void enqueue_tasks(std::vector<Task> const& tasks, std::shared_ptr<Progress> const& progress, cudaStream_t stream) {
  Messages messages(progress, stream);
  for (auto const& task : tasks) {
    switch (task.operation) {
      case Operation::send: messages.send(task.peer, task.from, task.nbytes(), task.head()); break;
      case Operation::receive: messages.receive(task.peer, task.to, task.nbytes(), task.head()); break;
      case Operation::broadcast: enqueue_broadcast(task, *progress, stream, messages); break;
      case Operation::all_gather:
        enqueue_gather(task, task.from, static_cast<std::byte*>(task.to), *progress, stream, messages);
        break;
      case Operation::all_reduce: enqueue_reduction(task, progress, stream, messages); break;
    }
  }
  messages.enqueue_all();
  enqueue(stream, [progress] { ++progress->completed; });
}

void enqueue_hang(std::shared_ptr<Progress> const& progress, cudaStream_t stream) {
  enqueue(stream, [progress] {
    wait_for(*progress, [] { return false; });
    ++progress->completed;
  });
}

}  // namespace nccl_double
