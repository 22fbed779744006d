// Every stage sends its tensors; rank 0 merges them.
#include "save/held_tensors.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "base/wire.hpp"
#include "parallel/all_or_throw.hpp"
#include "partition/placement.hpp"
#include "save/tensor_message.hpp"

namespace distload {
namespace {

/// @throws ConfigError  `ranks` are not those of the model's topology, in its order.
void check_ranks(ShardedModel const& model, Communicator const& ranks) {
  auto const& topology = model.topology();
  if (ranks.size() != topology.ranks()) {
    throw ConfigError("the model is cut for " + std::to_string(topology.ranks()) + " ranks, but is to be saved by " +
                      std::to_string(ranks.size()));
  }
  auto const stage = coordinates_of(topology, ranks.rank()).pipeline;
  for (auto const& shard : model.shards()) {
    auto const placement = placement_of(shard.partition, shard.experts, shard.global_shape, topology);
    auto const part = placement.part_of(topology, ranks.rank());
    if (part && std::ranges::find(shard.stages, stage) != shard.stages.end() &&
        shard.layout == shard_layout(placement.partition, shard.global_shape, *part, placement.parts)) {
      continue;
    }
    throw ConfigError("rank " + std::to_string(ranks.rank()) + " holds another part of " + printable(shard.name) +
                      " than a rank of this number in the model's topology: the communicator has other ranks, or "
                      "another order, than that of the load");
  }
}

std::vector<std::byte> describe_own(ShardedModel const& model) {
  WireWriter wire;
  for (auto const& shard : model.shards()) {
    put_tensor(wire, {{shard.name, shard.dtype, shard.global_shape, shard.partition},
                      {shard.partition, shard.stages, shard.experts}});
  }
  return wire.take();
}

std::vector<std::byte> merge(std::vector<std::vector<std::byte>> const& messages) {
  std::map<std::string, DescribedTensor> merged;
  for (auto const& message : messages) {
    for (WireReader wire(message); !wire.at_end();) {
      auto tensor = get_tensor(wire);
      auto name = tensor.spec.name;
      merged.emplace(std::move(name), std::move(tensor));
    }
  }
  WireWriter wire;
  for (auto const& [name, tensor] : merged) put_tensor(wire, tensor);
  return wire.take();
}

}  // namespace

HeldTensors gather_held_tensors(ShardedModel const& model, Communicator& ranks) {
  // All ranks of a stage hold the same tensors, except experts, which are divided over the first ranks of the stage.
  auto const& topology = model.topology();
  auto const in_stage = ranks.rank() % topology.stage_ranks();
  auto const own = all_or_throw(ranks, "save_gather", [&] {
    check_ranks(model, ranks);
    return in_stage < topology.expert_parallel ? describe_own(model) : std::vector<std::byte>{};
  });
  auto const messages = gather_messages(ranks, own, 0);
  auto merged = all_or_throw(ranks, "save_gather", [&] { return merge(messages); });
  auto const all = broadcast_message(ranks, std::move(merged), 0);

  HeldTensors tensors;
  for (WireReader wire(all); !wire.at_end();) {
    auto tensor = get_tensor(wire);
    tensors.specs.push_back(std::move(tensor.spec));
    tensors.held.push_back(std::move(tensor.held));
  }
  return tensors;
}

}  // namespace distload
