/// Pipeline: carries a plan out, wave by wave: read and verify, pack, exchange, place; the next waves are read
/// meanwhile.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include <distload/parallel/communicator.hpp>
#include <distload/plan/load_plan.hpp>

#include "io/engines/engine.hpp"
#include "load/arena.hpp"
#include "load/staging_slot.hpp"
#include "parallel/peer_memory.hpp"

namespace distload {

struct PipelineOptions {
  bool verify = true;
  PeerMemory const* peers = nullptr;                  ///< arenas of this node's ranks, if the plan writes to them
  std::function<void(Bytes)> on_read = [](Bytes) {};  ///< bytes since the last call; from whichever thread reads
};

/// What a run took on this rank. Reading overlaps the rest, so that the phases may add up to more than the whole.
struct PipelineTimes {
  double read_seconds = 0;      ///< in the engine, verification included
  double exchange_seconds = 0;  ///< packing and messages
  double place_seconds = 0;
  Bytes read_bytes = 0;
  std::uint64_t overflows = 0;  ///< numbers that casts have made infinite
};

/// Collective over `control`: fills `arena` as `plan` says, but for its views.
///
/// @param slots     `plan.slots` of at least `plan.slot_bytes`; with more than one, it is read ahead, where the engine
///                  may run beside the exchange
/// @param control   host memory; all ranks of the plan
/// @param messages  the same ranks, in the memory of the arena
/// @throws CorruptData, IoError  from the engine, the same on all ranks.
PipelineTimes run_pipeline(LoadPlan const& plan, Engine& engine, Communicator& control, Communicator& messages,
                           Arena const& arena, std::span<StagingSlot const> slots, PipelineOptions const& options);

}  // namespace distload
