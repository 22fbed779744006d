// Finds wants that are whole shards and contiguous in an extent.
#include "plan/demand/shards_in_file.hpp"

namespace distload {

std::vector<std::optional<ShardInFile>> shards_in_file(Demand const& demand, Bytes least_bytes) {
  std::vector<std::optional<ShardInFile>> shards(demand.holders().groups().size());
  if (!demand.is_verbatim() || demand.segments().empty()) return shards;
  auto const element_bytes = demand.stored_element_bytes();
  for (std::uint32_t extent = 0; extent < demand.extents().size(); ++extent) {
    for (auto const& want : demand.wants_of(extent)) {
      auto const range = covering_range(demand.extents()[extent], want.box, element_bytes);
      bool const is_whole_shard = want.box.extent == demand.layout_of(want.group).shape;
      bool const is_one_range = range.nbytes() == volume(want.box) * element_bytes;
      if (is_whole_shard && is_one_range && range.nbytes() >= least_bytes) {
        shards[want.group] = ShardInFile{extent, range.begin};
      }
    }
  }
  return shards;
}

}  // namespace distload
