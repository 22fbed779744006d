// Every stage sends its tensors; rank 0 merges them.
#include "save/held_tensors.hpp"

#include <map>
#include <utility>

#include "base/wire.hpp"
#include "parallel/all_or_throw.hpp"
#include "save/tensor_message.hpp"

namespace distload {
namespace {

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
  auto const own = in_stage < topology.expert_parallel ? describe_own(model) : std::vector<std::byte>{};
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
