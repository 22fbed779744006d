/// number_nodes: which ranks share a node.
#pragma once

#include <cstdint>
#include <vector>

#include <distload/parallel/communicator.hpp>

namespace distload {

/// Collective over `world`: the node of every rank, counted from that of rank 0, in the order of their first ranks.
/// `node`: the ranks on this rank's node.
std::vector<std::uint32_t> number_nodes(Communicator& world, Communicator& node);

}  // namespace distload
