/// Pipeline: executes a plan wave by wave: read and verify, upload, pack, exchange, place. Waves overlap as far as
/// their slots and streams allow.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include <distload/parallel/communicator.hpp>
#include <distload/plan/load_plan.hpp>

#include "io/engines/engine.hpp"
#include "load/arena.hpp"
#include "load/device_peers.hpp"
#include "load/staging.hpp"
#include "parallel/peer_memory.hpp"
#include "parallel/stream_messages.hpp"

namespace distload {

struct PipelineOptions {
  bool verify = true;
  PeerMemory const* peers = nullptr;  ///< host arenas of this node's ranks; nullptr if the plan does not write to them
  DevicePeers const* device_peers = nullptr;  ///< the same on devices
  std::function<void(Bytes)> on_read = [](Bytes) {
  };  ///< gets the bytes since the last call; called from any reading thread
  /// Called before host memory of arena or slots is written; may populate its pages.
  std::function<void(std::span<std::byte const>)> before_write = [](std::span<std::byte const>) {};
};

/// Times of a run on this rank. The phases overlap, so that their sum may exceed the total.
struct PipelineTimes {
  double read_seconds = 0;      ///< in the engine, including verification
  double upload_seconds = 0;    ///< from the host to the device
  double exchange_seconds = 0;  ///< packing and messages
  double place_seconds = 0;
  Bytes read_bytes = 0;
  Bytes deferred_bytes = 0;     ///< of those, what stays unread in the mapped files
  std::uint64_t overflows = 0;  ///< finite numbers that casts made infinite
};

/// Collective over `control`: fills `arena` as `plan` says, except mapped views.
///
/// @param staging   `plan.slots` slots of at least `plan.slot_bytes`; more than one allows read-ahead, if the
///                  engine may run at the same time as exchanges
/// @param control   communicator of all ranks of the plan, in host memory
/// @param messages  the same ranks, in the memory of the arena
/// @throws CorruptData, IoError  from the engine, the same on all ranks.
PipelineTimes run_pipeline(LoadPlan const& plan, Engine& engine, Communicator& control, StreamMessages& messages,
                           Device& device, Arena const& arena, Staging const& staging, PipelineOptions const& options);

}  // namespace distload
