/// PeerMemory: memory of the other ranks of a node, which a rank writes to while they do something else.
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

/// Bytes of this rank, and where they go in a peer's memory.
struct PeerWrite {
  std::byte const* source = nullptr;
  Bytes offset_bytes = 0;
  Bytes nbytes = 0;
};

/// The kernel copies from one process to another (process_vm_writev): once, and without the other's help. What has been
/// written may be looked at when the ranks have met in a collective call afterwards.
class PeerMemory {
 public:
  /// Collective over `node`: every rank tells the others where its memory lies, which stays there as long as any of
  /// them may write. Ranks go by their numbers in the job.
  PeerMemory(Communicator& node, std::uint32_t job_rank, std::span<std::byte> own);

  /// Local. What is written one after the other in the peer's memory costs least: there are checks for each stretch.
  /// @throws CommunicationError  the system refuses.
  /// @throws InternalError       the peer has not so much memory.
  void write(std::uint32_t job_rank, std::span<PeerWrite const> writes) const;

 private:
  struct Region {
    std::int32_t process = 0;
    std::uint64_t address = 0;
    Bytes nbytes = 0;
  };

  std::map<std::uint32_t, Region> regions_;  ///< by rank in the job
};

/// Collective over `node`: why its ranks cannot write to each other's memory; nothing if they can. Some systems forbid
/// it, and ranks in containers of their own may not even see each other. From then on others may, where the system
/// leaves that to the process.
std::optional<std::string> why_not_peer_memory(Communicator& node);

}  // namespace distload
