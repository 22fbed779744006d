/// column: a partition that cuts the outputs of a weight.
#pragma once

#include <utility>
#include <vector>

#include <distload/partition/partition.hpp>

namespace distload::testing {

inline Partition column(std::vector<Section> sections) {
  return {PartitionKind::column_parallel, 0, std::move(sections)};
}

}  // namespace distload::testing
