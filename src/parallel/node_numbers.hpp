/// number_nodes: numbers the nodes and tells which ranks share one.
#pragma once

#include <cstdint>
#include <vector>

#include <distload/parallel/communicator.hpp>

namespace distload {

/// Collective over `world`: the node number of every rank. Nodes are numbered in the order of their first ranks, from
/// rank 0's node. `node`: the ranks on this rank's node.
std::vector<std::uint32_t> number_nodes(Communicator& world, Communicator& node);

}  // namespace distload
