// Cuts a tensor that lies in memory by a Partition, without a checkpoint and without MPI, and puts it together again:
// shard
#include <cstdint>
#include <cstdio>
#include <exception>
#include <vector>

#include <Kokkos_Core.hpp>

#include <distload/load/shard.hpp>

namespace {

constexpr std::uint64_t kHeadDim = 16;
constexpr std::uint64_t kHeads = 8;    // of queries
constexpr std::uint64_t kKvHeads = 2;  // of keys, and of values
constexpr std::uint64_t kHidden = 64;
constexpr std::uint64_t kRows = (kHeads + 2 * kKvHeads) * kHeadDim;
constexpr std::uint32_t kRanks = 4;

using Matrix = Kokkos::View<float**, Kokkos::LayoutRight>;

/// A fused QKV weight, every element with a value of its own.
Matrix make_weight() {
  Matrix const weight("shard::weight", kRows, kHidden);
  Kokkos::parallel_for(
      "shard::fill", Kokkos::RangePolicy<>(0, kRows), KOKKOS_LAMBDA(std::int64_t row) {
        for (std::uint64_t column = 0; column < kHidden; ++column) {
          weight(row, column) =
              static_cast<float>(row * static_cast<std::int64_t>(kHidden)) + static_cast<float>(column);
        }
      });
  Kokkos::fence("shard: the weight is cut next");
  return weight;
}

std::uint64_t count_differences(Matrix const& a, Matrix const& b) {
  std::uint64_t differences = 0;
  Kokkos::parallel_reduce(
      "shard::compare", Kokkos::RangePolicy<>(0, kRows),
      KOKKOS_LAMBDA(std::int64_t row, std::uint64_t & sum) {
        for (std::uint64_t column = 0; column < kHidden; ++column) sum += a(row, column) == b(row, column) ? 0U : 1U;
      },
      differences);
  return differences;
}

std::uint64_t cut_and_join() {
  // Queries, keys and values are cut one by one, between heads. There are fewer key heads than ranks: two ranks hold
  // each.
  distload::Section const queries{.size = kHeads * kHeadDim, .unit = kHeadDim};
  distload::Section const keys{.size = kKvHeads * kHeadDim, .unit = kHeadDim, .replicate_units = true};
  distload::Partition const by_head{
      .kind = distload::PartitionKind::column_parallel, .axis = 0, .sections = {queries, keys, keys}};

  auto const weight = make_weight();
  std::vector<Matrix> shards;
  for (std::uint32_t rank = 0; rank < kRanks; ++rank) {
    shards.push_back(distload::shard(weight, by_head, rank, kRanks));  // 2 heads of queries, 1 of keys, 1 of values
    std::printf("rank %u of %u: [%zu, %zu]\n", rank, kRanks, shards.back().extent(0), shards.back().extent(1));
  }
  auto const differences = count_differences(weight, distload::unshard(shards, by_head, {kRows, kHidden}));
  std::printf("put together again: %llu elements differ\n", static_cast<unsigned long long>(differences));
  return differences;
}

}  // namespace

int main(int argc, char** argv) {
  Kokkos::ScopeGuard const kokkos(argc, argv);
  try {
    return cut_and_join() == 0 ? 0 : 1;
  } catch (std::exception const& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
