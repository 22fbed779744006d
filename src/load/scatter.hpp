/// Scatter: copies bytes that have just been read, while they are in cache, to the arenas that need them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "io/engines/engine.hpp"
#include "parallel/peer_memory.hpp"
#include "plan/rank_work.hpp"

namespace distload {

/// The scatters of one wave. Different threads may handle different reads.
class Scatter {
 public:
  /// @param own_arena  arena of rank `own_rank`
  /// @param peers      arenas of the other target ranks of the wave; nullptr if there are none
  Scatter(Wave const& wave, std::uint32_t own_rank, std::byte* own_arena, PeerMemory const* peers);

  /// Copies the next bytes of reads, whose numbers are those of the requests. Writes to each peer once, since many
  /// small writes are slow.
  /// @throws CommunicationError  as `PeerMemory::write`.
  void take(std::span<PassingBytes const> passing);

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

  /// By rank.
  using Writes = std::map<std::uint32_t, std::vector<PeerWrite>>;

  void take(PassingBytes const& passing, Writes& writes);
  /// Adds the parts of runs that `bytes` contains.
  static void add_parts(Target& target, Bytes begin, std::span<std::byte const> bytes, std::vector<PeerWrite>& parts);

  std::uint32_t own_rank_;
  std::byte* own_arena_;
  PeerMemory const* peers_;
  std::vector<Read> reads_;
};

}  // namespace distload
