/// Scatter: copies bytes that have just been read, while they are in cache, to the arenas that need them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "parallel/peer_memory.hpp"
#include "plan/rank_work.hpp"

namespace distload {

/// The scatters of one wave. Different threads may handle different reads.
class Scatter {
 public:
  /// @param own_arena  arena of rank `own_rank`
  /// @param peers      arenas of the other target ranks of the wave; nullptr if there are none
  Scatter(Wave const& wave, std::uint32_t own_rank, std::byte* own_arena, PeerMemory const* peers);

  /// Copies the next bytes of a read, which begin at its byte `begin`.
  /// @throws CommunicationError  as `PeerMemory::write`.
  void take(std::size_t read, Bytes begin, std::span<std::byte const> bytes);

 private:
  struct Run {
    Bytes source_offset = 0;
    Bytes destination_offset = 0;
  };
  struct Target {
    std::uint32_t rank = 0;
    StridedCopy copy;
    std::vector<Run> runs;  ///< in the order of their sources; exists only during the read, to limit memory
    std::size_t next = 0;   ///< the first run that is not complete
  };
  struct Read {
    Bytes nbytes = 0;
    std::vector<Target> targets;
  };

  /// The parts of runs that `bytes` contains.
  static std::vector<PeerWrite> parts_in(Target& target, Bytes begin, std::span<std::byte const> bytes);

  std::uint32_t own_rank_;
  std::byte* own_arena_;
  PeerMemory const* peers_;
  std::vector<Read> reads_;
};

}  // namespace distload
