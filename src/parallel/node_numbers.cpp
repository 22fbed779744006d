// Identifies a node by the lowest world rank of its ranks.
#include "parallel/node_numbers.hpp"

#include <map>
#include <span>

#include "parallel/all_gathered.hpp"

namespace distload {

std::vector<std::uint32_t> number_nodes(Communicator& world, Communicator& node) {
  auto first = world.rank();
  node.broadcast(std::as_writable_bytes(std::span(&first, 1)), 0);
  auto nodes = all_gathered(world, first);
  std::map<std::uint32_t, std::uint32_t> numbers;
  for (auto& of_rank : nodes) of_rank = numbers.try_emplace(of_rank, numbers.size()).first->second;
  return nodes;
}

}  // namespace distload
