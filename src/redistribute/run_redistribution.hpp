/// run_redistribution: executes a plan wave by wave: copies, messages, reads from peers, checks, and freed pages.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include <distload/parallel/communicator.hpp>

#include "load/arena.hpp"
#include "redistribute/peer_arenas.hpp"
#include "redistribute/plan/redistribute_plan.hpp"
#include "redistribute/plan/side.hpp"

namespace distload {

/// The memory of both models on this rank. Offsets of a plan count through all arenas of a model.
struct RedistributeMemory {
  std::span<std::shared_ptr<Arena> const> source;
  std::span<std::shared_ptr<Arena> const> target;
};

struct RunOptions {
  PeerArenas const* peers = nullptr;  ///< of the source; nullptr if the plan does not read from peers
  bool verify = false;                ///< the plan has checks
  bool frees_source = false;          ///< the plan says what of the source is not needed any more
  Side const* target = nullptr;       ///< names parameters in messages
  /// Called with the bytes that this rank has moved since the last call.
  std::function<void(Bytes)> on_moved = [](Bytes) {};
  /// Called before this rank writes to host memory of the target; may populate its pages.
  std::function<void(std::span<std::byte const>)> before_write = [](std::span<std::byte const>) {};
};

/// Collective over `control`: fills the target's memory as `plan` says.
///
/// @param control   communicator of all ranks of the plan, in host memory
/// @param messages  the same ranks, in the memory of shards
/// @returns the finite numbers that casts on this rank made infinite
/// @throws CorruptData, CommunicationError  the same on all ranks.
std::uint64_t run_redistribution(RedistributePlan const& plan, RedistributeMemory const& memory, Communicator& control,
                                 Communicator& messages, RunOptions const& options);

}  // namespace distload
