// Splits the grid into replicas.
#include "python/replica_groups.hpp"

namespace distload::python {
namespace {

/// Collective over `grid.world()`: null if all ranks compute together.
std::unique_ptr<Communicator> replica_of(ProcessGrid const& grid) {
  auto const& topology = grid.topology();
  if (topology.data_parallel == 1 || topology.expert_parallel > 1) return nullptr;
  return grid.world().split(grid.coordinates().data, grid.rank());
}

}  // namespace

ReplicaGroups::ReplicaGroups(ProcessGrid const& grid) : compute_(grid), replica_(replica_of(grid)) {}

}  // namespace distload::python
