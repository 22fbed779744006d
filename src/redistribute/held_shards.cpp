// Finds shards by name, and compares them with the layout.
#include "redistribute/held_shards.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include <distload/base/error.hpp>

#include "load/planned_shards.hpp"
#include "partition/placement.hpp"

namespace distload {
namespace {

/// The shards that a rank of `side` should have, at these offsets.
std::vector<PlannedShard> planned_at(Side const& side, std::uint32_t rank, ShardOffsets const& offsets) {
  std::vector<PlannedShard> planned;
  auto const stage = coordinates_of(side.topology, rank).pipeline;
  for (std::uint32_t index = 0; index < side.cut.layout.parameters.size(); ++index) {
    auto const& parameter = side.parameter(index);
    auto const& shape = side.tensor_of(index).shape;
    auto const placement = placement_of(parameter.partition, parameter.experts, shape, side.topology);
    auto const part = placement.part_of(side.topology, rank);
    if (!part || std::ranges::find(parameter.stages, stage) == parameter.stages.end()) continue;
    auto layout = std::make_shared<ShardLayout const>(shard_layout(placement.partition, shape, *part, placement.parts));
    auto const nbytes = volume(layout->shape) * size_of(side.dtype_of(index));
    planned.push_back({.parameter = index,
                       .dtype = side.dtype_of(index),
                       .transposed = parameter.transposed,
                       .layout = std::move(layout),
                       .offset_bytes = offsets[index].value_or(0),
                       .nbytes = nbytes});
  }
  return planned;
}

}  // namespace

ShardOffsets offsets_in(ShardedModel const& model, Side const& side) {
  ShardOffsets offsets;
  offsets.reserve(side.cut.layout.parameters.size());
  for (std::uint32_t index = 0; index < side.cut.layout.parameters.size(); ++index) {
    // The parts of a split parameter are contiguous, in order.
    auto const& parameter = side.parameter(index);
    auto const& name = parameter.split_names.empty() ? side.tensor_of(index).name : parameter.split_names.front();
    auto const* const shard = model.find(name);
    offsets.push_back(shard == nullptr ? std::nullopt : std::optional(shard->offset_bytes));
  }
  return offsets;
}

std::vector<Shard> shards_at(Side const& side, std::uint32_t rank, std::vector<PlannedShard> planned) {
  LoadPlan plan;
  plan.topology = side.topology;
  plan.rank = rank;
  auto work = std::make_shared<RankWork>();
  work->shards = std::move(planned);
  plan.work = std::move(work);
  return shards_of(side.cut, plan);
}

void check_model(ShardedModel const& model, Side const& side, std::uint32_t rank, ShardOffsets const& offsets,
                 char const* role) {
  auto const expected = shards_at(side, rank, planned_at(side, rank, offsets));
  bool const is_same = std::ranges::equal(model.shards(), expected, [](Shard const& a, Shard const& b) {
    return a.name == b.name && a.dtype == b.dtype && a.layout == b.layout && a.offset_bytes == b.offset_bytes;
  });
  if (is_same) return;
  throw ConfigError(std::string("the ") + role + " does not have the shards of rank " + std::to_string(rank) +
                    " of its topology: the ranks are others, or in another order, than those of its load");
}

}  // namespace distload
