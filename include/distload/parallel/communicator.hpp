/// Communicator: the collective operations that loading needs; MPI for host memory, NCCL for device memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <distload/base/bytes.hpp>

namespace distload {

/// One message of a grouped exchange. Messages between the same two ranks are matched in the order in which each side
/// lists them.
struct Send {
  std::uint32_t peer = 0;           ///< rank in the group that receives
  std::byte const* data = nullptr;  ///< the first byte
  Bytes nbytes = 0;                 ///< length of the message
};
/// The other end of a `Send`.
struct Receive {
  std::uint32_t peer = 0;     ///< rank in the group that sends
  std::byte* data = nullptr;  ///< where the first byte is put
  Bytes nbytes = 0;           ///< length of the message
};

/// An operation of all_reduce.
enum class Reduction : std::uint8_t { sum, max, min };

/// A group of ranks. All operations but the first three are collective over the group, block until their buffers may be
/// used again, and throw CommunicationError. Not copied or moved; passed by reference.
class Communicator {
 public:
  virtual ~Communicator() = default;
  Communicator(Communicator const&) = delete;
  Communicator& operator=(Communicator const&) = delete;

  /// This rank in the group.
  virtual std::uint32_t rank() const noexcept = 0;
  /// Ranks of the group.
  virtual std::uint32_t size() const noexcept = 0;
  /// True if buffers are device memory, false if they are host memory.
  virtual bool serves_device_memory() const noexcept = 0;

  /// Collective: every rank gets the bytes of `root`. Any size.
  virtual void broadcast(std::span<std::byte> bytes, std::uint32_t root) = 0;

  /// Collective: `received` has size() x sent.size() bytes, ordered by rank.
  virtual void all_gather(std::span<std::byte const> sent, std::span<std::byte> received) = 0;

  /// Collective: reduces each element over all ranks, in place.
  virtual void all_reduce(std::span<std::uint64_t> values, Reduction reduction) = 0;
  /// Collective: likewise.
  virtual void all_reduce(std::span<double> values, Reduction reduction) = 0;
  /// Collective: likewise.
  virtual void all_reduce(std::span<float> values, Reduction reduction) = 0;

  /// Collective: sends and receives all messages as one group; both lists may be empty. Messages have any size and go
  /// to other ranks.
  virtual void exchange(std::span<Send const> sends, std::span<Receive const> receives) = 0;

  /// Collective: returns when all ranks have called it.
  virtual void barrier() = 0;

  /// Collective: the ranks of equal `color` form a new group, ordered by `key`.
  virtual std::unique_ptr<Communicator> split(std::uint32_t color, std::uint32_t key) = 0;

 protected:
  Communicator() = default;
};

/// Collective: `bytes` of rank `root` on every rank; only `root` knows their number.
std::vector<std::byte> broadcast_message(Communicator& ranks, std::vector<std::byte> bytes, std::uint32_t root);

/// Collective: every rank's message, ordered by rank, on `root`; empty elsewhere.
std::vector<std::vector<std::byte>> gather_messages(Communicator& ranks, std::span<std::byte const> bytes,
                                                    std::uint32_t root);

}  // namespace distload
