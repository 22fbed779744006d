// Numbers of parts: tensor-parallel ranks or expert-parallel groups.
#include "partition/placement.hpp"

namespace distload {

Placement placement_of(Partition const& partition, std::optional<ExpertPlacement> const& experts, Shape const& shape,
                       Topology const& topology) {
  if (!experts) return {partition, topology.tensor_parallel, std::nullopt};
  if (experts->group) return {{}, topology.expert_parallel, experts->group};
  return {{PartitionKind::expert_parallel, experts->axis, {{shape[experts->axis], 1, false, false}}},
          topology.expert_parallel,
          std::nullopt};
}

}  // namespace distload
