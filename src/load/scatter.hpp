/// Scatter: copies what passes by to the arenas that want some of it, while it is in the cache of a core.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "parallel/peer_memory.hpp"
#include "plan/rank_work.hpp"

namespace distload {

/// The scatters of one wave. Different reads may be taken by different threads.
class Scatter {
 public:
  /// @param own_arena  of rank `own_rank`
  /// @param peers      the arenas of the other ranks that the wave scatters to, if it does
  Scatter(Wave const& wave, std::uint32_t own_rank, std::byte* own_arena, PeerMemory const* peers);

  /// The next bytes of a read of the wave, from its byte `begin` on.
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
    std::vector<Run> runs;  ///< in the order of their sources; only while the read is under way: a model has many
    std::size_t next = 0;   ///< the first of them that is not whole
  };
  struct Read {
    Bytes nbytes = 0;
    std::vector<Target> targets;
  };

  /// The parts of runs that `bytes` hold.
  static std::vector<PeerWrite> parts_in(Target& target, Bytes begin, std::span<std::byte const> bytes);

  std::uint32_t own_rank_;
  std::byte* own_arena_;
  PeerMemory const* peers_;
  std::vector<Read> reads_;
};

}  // namespace distload
