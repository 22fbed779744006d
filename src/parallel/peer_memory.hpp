/// PeerMemory: memory of the other ranks of a node, which a rank can write and read without their help.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

#include <distload/base/bytes.hpp>
#include <distload/parallel/communicator.hpp>

namespace distload {

/// Bytes of this rank and their target in a peer's memory.
struct PeerWrite {
  std::byte const* source = nullptr;
  Bytes offset_bytes = 0;
  Bytes nbytes = 0;
};

/// Bytes of a peer's memory and where this rank wants them.
struct PeerRead {
  std::byte* target = nullptr;
  Bytes offset_bytes = 0;
  Bytes nbytes = 0;
};

/// The kernel copies directly from one process to another (process_vm_writev, process_vm_readv). A rank may read what
/// others have written after a later collective call of all ranks.
class PeerMemory {
 public:
  /// Collective over `node`: the ranks exchange the addresses of their memory, which must not move while any of them
  /// may write. Ranks are identified by their numbers in the job.
  PeerMemory(Communicator& node, std::uint32_t job_rank, std::span<std::byte> own);

  /// Local. Adjacent writes are cheapest: the kernel checks every contiguous range.
  /// @throws CommunicationError  the system refuses.
  /// @throws InternalError       a write exceeds the peer's memory.
  void write(std::uint32_t job_rank, std::span<PeerWrite const> writes) const;

  /// Local: the reverse; likewise.
  void read(std::uint32_t job_rank, std::span<PeerRead const> reads) const;

 private:
  template <class Part, class LocalOf>
  void copy(std::uint32_t job_rank, std::span<Part const> parts, bool reads, LocalOf const& local_of) const;

  struct Region {
    std::int32_t process = 0;
    std::uint64_t address = 0;
    Bytes nbytes = 0;
  };

  std::map<std::uint32_t, Region> regions_;  ///< by rank in the job
};

/// Collective over `node`: why its ranks cannot write to each other's memory; nothing if they can. Some systems forbid
/// it, and ranks in different containers may not see each other. Allows other processes to write to this one, where the
/// system lets a process decide.
std::optional<std::string> why_not_peer_memory(Communicator& node);

}  // namespace distload
