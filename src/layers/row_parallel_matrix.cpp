// Finds the inputs of all ranks of the group.
#include "layers/row_parallel_matrix.hpp"

#include <distload/base/error.hpp>

#include "base/text.hpp"

namespace distload {
namespace {

/// The inputs of each rank of the group that the parameter is cut for; all inputs if it is not cut.
std::vector<Range> inputs_of_ranks(BoundShard const& shard, std::uint32_t ranks) {
  if (shard.shard().experts || shard.shard().partition.kind != PartitionKind::row_parallel) {
    return {{0, shard.global_inputs()}};
  }
  std::vector<Range> inputs;
  for (std::uint32_t rank = 0; rank < ranks; ++rank) {
    auto const layout = shard_layout(shard.shard().partition, shard.shard().global_shape, rank, ranks);
    auto const axis = shard.shard().partition.axis;
    if (layout.pieces.size() > 1) {
      throw ConfigError("the inputs of '" + printable(shard.name()) + "' on rank " + std::to_string(rank) +
                        " are not one range");
    }
    auto const begin = inputs.empty() ? 0 : inputs.back().end;
    Range range{begin, begin};
    if (!layout.pieces.empty()) {
      auto const& box = layout.pieces.front().global;
      range = {box.offset[axis], box.offset[axis] + box.extent[axis]};
    }
    inputs.push_back(range);
  }
  return inputs;
}

SharedSegments segments_of(BoundShard const& shard, std::optional<std::uint32_t> segments, Communicator const& group) {
  auto const width = shard.global_inputs();
  auto const count = segments.value_or(segments_of_width(width));
  if (count == 0 || width % count != 0) {
    throw ConfigError("the " + std::to_string(width) + " inputs of '" + printable(shard.name()) +
                      "' cannot be divided into " + std::to_string(count) + " segments");
  }
  auto const inputs = inputs_of_ranks(shard, group.size());
  return share_segments(width, count, inputs, inputs.size() == 1 ? 0 : group.rank());
}

LinearPart row_parallel(LinearPart part) {
  part.may_lack_inputs = true;
  return part;
}

Range held_inputs(BoundShard const& shard) {
  auto const held = shard.held_inputs();
  return held.empty() ? Range{} : Range{held.front().global.begin, held.back().global.end};
}

}  // namespace

RowParallelMatrix::RowParallelMatrix(ShardedModel const& model, LinearPart const& part,
                                     std::optional<std::uint32_t> segments, Communicator& group)
    : matrix_(model, row_parallel(part)),
      inputs_(held_inputs(matrix_.shard())),
      segments_(segments_of(matrix_.shard(), segments, group)),
      sum_(segments_, group) {
  matrix_.shard().check_group(model.topology(), group);
  if (matrix_.outputs() == matrix_.global_outputs()) return;
  throw ConfigError("'" + printable(matrix_.shard().name()) + "' is cut along its outputs, but a row-parallel layer " +
                    "needs all of them");
}

Activations RowParallelMatrix::product(ConstActivations const& x) const {
  auto const result = sum_.total(sums(x));
  if (!matrix_.bias().empty()) add_to_each_token(result, matrix_.bias());
  return result;
}

LinearPart linear_part(ShardedModel const& model, std::string const& name) {
  if (model.find(name + ".weight") == nullptr && model.find(name) != nullptr) return {.weight = name, .bias = ""};
  auto const bias = name + ".bias";
  return {.weight = name + ".weight", .bias = model.find(bias) == nullptr ? "" : bias};
}

}  // namespace distload
