// Splits the world into the groups of the three directions.
#include <distload/parallel/process_grid.hpp>

#include <distload/base/bytes.hpp>
#include <distload/base/error.hpp>

#include "base/system.hpp"
#include "parallel/all_or_throw.hpp"
#include "parallel/mpi_communicator.hpp"
#include "parallel/node_numbers.hpp"

namespace distload {
namespace {

Topology checked(Topology const& topology, std::uint32_t ranks) {
  auto const tensor = topology.tensor_parallel;
  auto const pipeline = topology.pipeline_parallel;
  auto const data = topology.data_parallel;
  auto const stages = checked_multiply(tensor, pipeline);
  auto const wanted = stages ? checked_multiply(*stages, data) : std::nullopt;
  if (wanted == ranks) {
    check_expert_parallel(topology);
    return topology;
  }
  throw ConfigError("the job has " + std::to_string(ranks) + (ranks == 1 ? " rank" : " ranks") +
                    ", but topology.tensor_parallel " + std::to_string(tensor) + " x pipeline_parallel " +
                    std::to_string(pipeline) + " x data_parallel " + std::to_string(data) +
                    (wanted == std::uint64_t{0} ? " leaves nobody"
                                                : " needs " + (wanted ? std::to_string(*wanted) : "more than 2^64")) +
                    "; start as many ranks as the topology needs, or change the topology");
}

/// Collective over `world`.
Communicator* checked(Communicator& node, Communicator& world) {
  if (world.serves_device_memory() || node.serves_device_memory())
    throw ConfigError("ProcessGrid takes communicators of host memory");
  all_or_throw(world, "grid", [&] {
    if (!has_other_ranks(node, world)) return;
    throw ConfigError(
        "ProcessGrid: `node` has ranks that are not in `world`; split MpiEnvironment::node() with the color that made "
        "`world`");
  });
  return &node;
}

}  // namespace

ProcessGrid::ProcessGrid(Communicator& world, Communicator& node, Topology const& topology)
    : world_(&world),
      node_(checked(node, world)),
      topology_(checked(topology, world.size())),
      coordinates_(coordinates_of(topology, world.rank())),
      host_name_(distload::host_name()),
      node_of_(number_nodes(world, node)) {
  // A group has the ranks that differ in one coordinate only; its color is its lowest rank, which is unique.
  auto const group = [&](std::uint32_t Coordinates::*direction) {
    auto first = coordinates_;
    first.*direction = 0;
    return world.split(rank_of(topology_, first), coordinates_.*direction);
  };
  tensor_ = group(&Coordinates::tensor);
  data_ = group(&Coordinates::data);
  pipeline_ = group(&Coordinates::pipeline);
}

}  // namespace distload
