/// Communicator: the few operations that loading needs, on bytes; MPI for host memory, NCCL for device memory.
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
  std::uint32_t peer = 0;
  std::byte const* data = nullptr;
  Bytes nbytes = 0;
};
struct Receive {
  std::uint32_t peer = 0;
  std::byte* data = nullptr;
  Bytes nbytes = 0;
};

enum class Reduction : std::uint8_t { sum, max, min };

/// A group of ranks. All operations are collective over the group. Move-free owner, handed around as a reference.
///
/// Buffers lie in the memory that the implementation serves (`serves_device_memory`). Operations return when the
/// buffers may be used again. All throw CommunicationError.
class Communicator {
 public:
  virtual ~Communicator() = default;
  Communicator(Communicator const&) = delete;
  Communicator& operator=(Communicator const&) = delete;

  virtual std::uint32_t rank() const noexcept = 0;
  virtual std::uint32_t size() const noexcept = 0;
  virtual bool serves_device_memory() const noexcept = 0;

  /// Collective: every rank gets the bytes of `root`. Any size.
  virtual void broadcast(std::span<std::byte> bytes, std::uint32_t root) = 0;

  /// Collective: `received` has size() x sent.size() bytes, ordered by rank.
  virtual void all_gather(std::span<std::byte const> sent, std::span<std::byte> received) = 0;

  /// Collective: element by element over all ranks, in place.
  virtual void all_reduce(std::span<std::uint64_t> values, Reduction reduction) = 0;
  virtual void all_reduce(std::span<double> values, Reduction reduction) = 0;
  virtual void all_reduce(std::span<float> values, Reduction reduction) = 0;

  /// Collective: sends and receives all messages as one group; a rank may take part with none. A message of any size;
  /// never to itself.
  virtual void exchange(std::span<Send const> sends, std::span<Receive const> receives) = 0;

  /// Collective: returns when all ranks have called it.
  virtual void barrier() = 0;

  /// Collective: the ranks of equal `color` form a new group, ordered by `key`.
  virtual std::unique_ptr<Communicator> split(std::uint32_t color, std::uint32_t key) = 0;

 protected:
  Communicator() = default;
};

/// Collective: `bytes` of rank `root`, whatever their length, on every rank.
std::vector<std::byte> broadcast_message(Communicator& ranks, std::vector<std::byte> bytes, std::uint32_t root);

/// Collective: every rank's message, ordered by rank, on `root`; empty elsewhere.
std::vector<std::vector<std::byte>> gather_messages(Communicator& ranks, std::span<std::byte const> bytes,
                                                    std::uint32_t root);

}  // namespace distload
