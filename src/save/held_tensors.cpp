// Every stage tells what it holds; rank 0 merges.
#include "save/held_tensors.hpp"

#include <map>
#include <utility>

#include "base/wire.hpp"
#include "parallel/all_or_throw.hpp"

namespace distload {
namespace {

struct Described {
  TensorSpec spec;
  HeldTensor held;
};

std::vector<std::uint64_t> to_vector(Dims const& dims) { return {dims.begin(), dims.end()}; }

void put(WireWriter& wire, TensorSpec const& spec, HeldTensor const& held) {
  wire.put_text(spec.name);
  wire.put(spec.dtype);
  wire.put_all(to_vector(spec.shape));
  wire.put(spec.partition.kind);
  wire.put(spec.partition.axis);
  wire.put_all(spec.partition.sections);
  wire.put_all(held.stages);
  wire.put(held.experts);
}

Described get(WireReader& wire) {
  Described tensor;
  tensor.spec.name = wire.get_text();
  tensor.spec.dtype = wire.get<DType>();
  tensor.spec.shape = Dims(std::span<std::uint64_t const>(wire.get_all<std::uint64_t>()));
  tensor.spec.partition.kind = wire.get<PartitionKind>();
  tensor.spec.partition.axis = wire.get<std::uint32_t>();
  tensor.spec.partition.sections = wire.get_all<Section>();
  tensor.held.stages = wire.get_all<std::uint32_t>();
  tensor.held.experts = wire.get<std::optional<ExpertPlacement>>();
  tensor.held.partition = tensor.spec.partition;
  return tensor;
}

std::vector<std::byte> describe_own(ShardedModel const& model) {
  WireWriter wire;
  for (auto const& shard : model.shards()) {
    put(wire, {shard.name, shard.dtype, shard.global_shape, shard.partition},
        {shard.partition, shard.stages, shard.experts});
  }
  return wire.take();
}

std::vector<std::byte> merge(std::vector<std::vector<std::byte>> const& messages) {
  std::map<std::string, Described> merged;
  for (auto const& message : messages) {
    for (WireReader wire(message); !wire.at_end();) {
      auto tensor = get(wire);
      auto name = tensor.spec.name;
      merged.emplace(std::move(name), std::move(tensor));
    }
  }
  WireWriter wire;
  for (auto const& [name, tensor] : merged) put(wire, tensor.spec, tensor.held);
  return wire.take();
}

}  // namespace

HeldTensors gather_held_tensors(ShardedModel const& model, Communicator& ranks) {
  // The ranks of a stage would all say the same, but for the experts, which its first ranks hold all together.
  auto const& topology = model.topology();
  auto const in_stage = ranks.rank() % topology.stage_ranks();
  auto const own = in_stage < topology.expert_parallel ? describe_own(model) : std::vector<std::byte>{};
  auto const messages = gather_messages(ranks, own, 0);
  auto merged = all_or_throw(ranks, "save_gather", [&] { return merge(messages); });
  auto const all = broadcast_message(ranks, std::move(merged), 0);

  HeldTensors tensors;
  for (WireReader wire(all); !wire.at_end();) {
    auto tensor = get(wire);
    tensors.specs.push_back(std::move(tensor.spec));
    tensors.held.push_back(std::move(tensor.held));
  }
  return tensors;
}

}  // namespace distload
