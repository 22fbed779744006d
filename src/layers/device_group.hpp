/// device_group: the ranks of a group, communicating in the memory where shards are.
#pragma once

#include <memory>

#include <distload/parallel/communicator.hpp>

namespace distload {

/// Collective over `group`, which serves host memory and outlives the result: in a CUDA build a group of the same ranks
/// that serves device memory, over NCCL. Null if `group` itself will do: in other builds, and for one rank.
/// @throws CommunicationError  NCCL refuses to start; on all ranks.
std::unique_ptr<Communicator> device_group(Communicator& group);

}  // namespace distload
