// Gathers ranks' outputs and puts them at their places.
#include "layers/output_gatherer.hpp"

#include "layers/group_messages.hpp"
#include "layers/kernels/in_shard_space.hpp"
#include "layers/linear_matrix.hpp"

namespace distload {
namespace {

std::uint64_t outputs_in(ShardLayout const& layout, std::uint32_t axis) {
  std::uint64_t outputs = 0;
  for (auto const& piece : layout.pieces) outputs += piece.global.extent[axis];
  return outputs;
}

}  // namespace

OutputGatherer::OutputGatherer(BoundShard const& shard, Communicator& group) : group_(&group) {
  if (shard.shard().partition.kind == PartitionKind::replicated || group.size() == 1) return;
  std::vector<Source> sources(shard.global_outputs());
  auto const axis = shard.output_axis();
  std::uint64_t before = 0;
  for (std::uint32_t rank = 0; rank < group.size(); ++rank) {
    auto const layout = shard_layout(shard.shard().partition, shard.shard().global_shape, rank, group.size());
    auto const width = outputs_in(layout, axis);
    std::uint64_t local = 0;
    for (auto const& piece : layout.pieces) {
      for (std::uint64_t i = 0; i < piece.global.extent[axis]; ++i) {
        sources[piece.global.offset[axis] + i] = {before, local++, width};
      }
    }
    widths_.push_back(width);
    before += width;
  }
  table_ = in_shard_space(sources, "distload::sources");
}

Activations OutputGatherer::gathered(Activations const& local) const {
  if (widths_.empty()) return local;
  auto const tokens = static_cast<std::uint64_t>(local.extent(0));
  std::vector<std::uint64_t> sizes;
  std::uint64_t all = 0;
  for (auto const width : widths_) {
    sizes.push_back(width * tokens);
    all += sizes.back();
  }
  Kokkos::View<float*, ShardSpace> const numbers(Kokkos::view_alloc(Kokkos::WithoutInitializing, "distload::gathered"),
                                                 all);
  gather(*group_, {local.data(), local.size()}, sizes, numbers.data());
  auto const result = new_activations(tokens, table_.extent(0), "distload::outputs");
  auto const table = table_;
  using OutputPolicy =
      Kokkos::MDRangePolicy<Kokkos::DefaultExecutionSpace, Kokkos::Rank<2>, Kokkos::IndexType<std::int64_t>>;
  Kokkos::parallel_for(
      "distload::gather_outputs",
      OutputPolicy({0, 0}, {static_cast<std::int64_t>(tokens), static_cast<std::int64_t>(table.extent(0))}),
      KOKKOS_LAMBDA(std::int64_t token, std::int64_t output) {
        auto const& source = table(output);
        result(token, output) =
            numbers(tokens * source.before + static_cast<std::uint64_t>(token) * source.width + source.local);
      });
  return result;
}

}  // namespace distload
