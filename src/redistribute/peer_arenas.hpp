/// PeerArenas: the arenas of the models of a node's ranks, which each of them can read.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include <distload/parallel/communicator.hpp>

#include "load/arena.hpp"
#include "parallel/peer_memory.hpp"

namespace distload {

class PeerArenas {
 public:
  /// Collective over `node`. `arenas`: of this rank's model; they stay where they are while others read.
  PeerArenas(Communicator& node, std::uint32_t rank, std::span<std::shared_ptr<Arena> const> arenas);

  /// Local: reads from the model of `rank`, at offsets that count through its arenas. All reads are from one shard.
  /// @throws CommunicationError  the system refuses.
  void read(std::uint32_t rank, std::span<PeerRead> reads) const;

 private:
  std::map<std::uint32_t, std::vector<Bytes>> begins_;  ///< by rank: where each of its arenas begins
  std::vector<PeerMemory> memory_;                      ///< by number of the arena
};

}  // namespace distload
