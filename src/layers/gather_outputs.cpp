// Gathers ranks' outputs and puts them at their places.
#include "layers/gather_outputs.hpp"

#include <vector>

#include "layers/group_messages.hpp"
#include "layers/linear_matrix.hpp"

namespace distload {
namespace {

/// Where an output is among the gathered numbers: number `begin` + token x `stride`.
struct Source {
  std::uint64_t begin = 0;
  std::uint64_t stride = 0;
};

/// What the ranks send.
struct GatherPlan {
  std::vector<std::uint64_t> sizes;  ///< numbers by rank
  std::vector<Source> sources;       ///< by output of the whole parameter
};

std::uint64_t outputs_in(ShardLayout const& layout, std::uint32_t axis) {
  std::uint64_t outputs = 0;
  for (auto const& piece : layout.pieces) outputs += piece.global.extent[axis];
  return outputs;
}

GatherPlan plan_gather(BoundShard const& shard, std::uint32_t ranks, std::uint64_t tokens) {
  GatherPlan plan;
  plan.sources.resize(shard.global_outputs());
  auto const axis = shard.output_axis();
  std::uint64_t begin = 0;
  for (std::uint32_t rank = 0; rank < ranks; ++rank) {
    auto const layout = shard_layout(shard.shard().partition, shard.shard().global_shape, rank, ranks);
    auto const width = outputs_in(layout, axis);
    std::uint64_t local = 0;
    for (auto const& piece : layout.pieces) {
      for (std::uint64_t i = 0; i < piece.global.extent[axis]; ++i) {
        plan.sources[piece.global.offset[axis] + i] = {begin + local++, width};
      }
    }
    plan.sizes.push_back(width * tokens);
    begin += width * tokens;
  }
  return plan;
}

void place(Kokkos::View<float const*, ShardSpace> const& gathered, std::vector<Source> const& sources,
           Activations const& result) {
  Kokkos::View<Source*, ShardSpace> const table(Kokkos::view_alloc(Kokkos::WithoutInitializing, "distload::sources"),
                                                sources.size());
  Kokkos::deep_copy(table, Kokkos::View<Source const*, Kokkos::HostSpace>(sources.data(), sources.size()));
  using Policy = Kokkos::MDRangePolicy<Kokkos::DefaultExecutionSpace, Kokkos::Rank<2>, Kokkos::IndexType<std::int64_t>>;
  auto const tokens = static_cast<std::int64_t>(result.extent(0));
  auto const outputs = static_cast<std::int64_t>(result.extent(1));
  Kokkos::parallel_for(
      "distload::gather_outputs", Policy({0, 0}, {tokens, outputs}),
      KOKKOS_LAMBDA(std::int64_t token, std::int64_t output) {
        auto const& source = table(output);
        result(token, output) = gathered(source.begin + static_cast<std::uint64_t>(token) * source.stride);
      });
}

}  // namespace

Activations gather_outputs(Communicator& group, BoundShard const& shard, Activations const& local) {
  auto const tokens = local.extent(0);
  auto const is_cut = shard.shard().partition.kind != PartitionKind::replicated;
  if (!is_cut || group.size() == 1) return local;
  auto const plan = plan_gather(shard, group.size(), tokens);
  std::uint64_t all = 0;
  for (auto const size : plan.sizes) all += size;
  Kokkos::View<float*, ShardSpace> const gathered(Kokkos::view_alloc(Kokkos::WithoutInitializing, "distload::gathered"),
                                                  all);
  gather(group, {local.data(), local.size()}, plan.sizes, gathered.data());
  auto const result = new_activations(tokens, shard.global_outputs(), "distload::outputs");
  place(gathered, plan.sources, result);
  return result;
}

}  // namespace distload
