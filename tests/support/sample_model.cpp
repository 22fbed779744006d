// Divides sample tensors and copies them into an arena.
#include "support/sample_model.hpp"

#include <algorithm>

#include "device/device.hpp"
#include "load/arena.hpp"
#include "support/sample_tensors.hpp"
#include "tensor/strided_copy.hpp"

namespace distload {
namespace {

constexpr auto kPadding = std::byte{0xEE};

/// Tensors with names of odd length are on the last stage only, those of even length on the first, "norm" on all.
std::vector<std::uint32_t> stages_of(std::string const& name, std::uint32_t stages) {
  if (name != "norm") return {name.size() % 2 == 0 ? 0U : stages - 1U};
  std::vector<std::uint32_t> all;
  for (std::uint32_t stage = 0; stage < stages; ++stage) all.push_back(stage);
  return all;
}

std::vector<std::byte> shard_content(Shard const& shard, std::uint64_t step) {
  std::vector<std::byte> bytes(shard.nbytes, kPadding);
  TensorInfo tensor;
  tensor.name = shard.name;
  tensor.dtype = shard.dtype;
  tensor.shape = shard.global_shape;
  for (auto const& piece : shard.layout.pieces) {
    auto const content = sample_bytes(tensor, piece.global, step);
    auto const copy =
        make_strided_copy({piece.global.extent, Dims::filled(tensor.shape.size(), 0), 0},
                          {shard.shape, piece.local_offset, 0}, piece.global.extent, size_of(shard.dtype));
    copy_on_host(copy, content.data(), bytes.data());
  }
  return bytes;
}

CheckpointMetadata sample_metadata() {
  CheckpointMetadata metadata;
  metadata.model_name = "sample";
  metadata.config_json = "{}";
  return metadata;
}

void fill(ShardBytes const& destination, std::vector<std::byte> const& bytes) {
  Kokkos::View<std::byte const*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>> const host(bytes.data(),
                                                                                                        bytes.size());
  Kokkos::deep_copy(destination, host);
}

}  // namespace

std::vector<TensorSpec> tensors_for(std::uint32_t ranks) {
  auto specs = sample_tensors();
  std::erase_if(specs, [](TensorSpec const& spec) { return spec.name == "uneven"; });
  if (ranks != 3) {
    Section const query{512, 64, false};
    Section const key{128, 64, true};
    specs.push_back({"attention", DType::f32, {768, 100}, {PartitionKind::column_parallel, 0, {query, key, key}}});
  }
  return specs;
}

ShardedModel make_model(Topology const& topology, std::uint32_t rank, std::vector<TensorSpec> const& tensors) {
  auto const at = coordinates_of(topology, rank);
  std::vector<Shard> shards;
  Bytes end = 0;
  for (auto const& spec : tensors) {
    auto const stages = stages_of(spec.name, topology.pipeline_parallel);
    if (std::ranges::find(stages, at.pipeline) == stages.end()) continue;
    auto layout = shard_layout(spec.partition, spec.shape, at.tensor, topology.tensor_parallel);
    auto const nbytes = volume(layout.shape) * size_of(spec.dtype);
    shards.push_back({spec.name, spec.dtype, layout.shape, spec.shape, spec.partition, layout, stages, end, nbytes});
    end = round_up(end + nbytes, 256);
  }
  Arena arena(device_of_process(), std::max<Bytes>(end, 256));
  ShardedModel model(sample_metadata(), topology, std::move(shards), {{"alias", "norm"}}, std::move(arena));
  set_step(model, 0);
  return model;
}

ShardedModel make_model(Topology const& topology, std::uint32_t rank) {
  return make_model(topology, rank, tensors_for(topology.tensor_parallel));
}

void set_step(ShardedModel const& model, std::uint64_t step, std::vector<std::string> const& frozen) {
  for (auto const& shard : model.shards()) {
    if (std::ranges::find(frozen, shard.name) == frozen.end()) fill(model.bytes(shard), shard_content(shard, step));
  }
}

}  // namespace distload
