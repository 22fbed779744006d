/// DevicePeers: the arenas of the other ranks of a node, in device memory that this rank's kernels can write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include <distload/parallel/communicator.hpp>

#include "device/device.hpp"
#include "load/arena.hpp"

namespace distload {

/// Other ranks may read what kernels have written after the writer's stream is synchronised and a later collective
/// call.
class DevicePeers {
 public:
  /// Collective over `node`: opens the arenas of all its ranks, which are identified by their numbers in the job.
  /// @throws CommunicationError  a device cannot access another one's memory; on all ranks.
  DevicePeers(Communicator& node, std::uint32_t job_rank, Device& device, Arena const& own);

  /// The arena of another rank of the node.
  std::byte* of(std::uint32_t job_rank) const { return arenas_.at(job_rank).data(); }

 private:
  std::map<std::uint32_t, DeviceMemory> arenas_;
};

/// Collective over `node`: why its ranks cannot write to each other's device memory; nothing if they can. Tries it.
std::optional<std::string> why_not_device_peers(Communicator& node, Device& device);

}  // namespace distload
