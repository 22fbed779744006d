/// Chunks by tables.
#include "save/chunk_rule.hpp"

#include <string>

#include <gtest/gtest.h>

namespace distload {
namespace {

Partition cut(PartitionKind kind, std::uint32_t axis, std::vector<Section> sections) {
  return {kind, axis, std::move(sections)};
}

struct ChunkCase {
  std::string what;
  DType dtype;
  Shape shape;
  Partition partition;
  std::uint32_t tensor_parallel;
  std::optional<Dims> chunk;
};

auto const kColumn = PartitionKind::column_parallel;
auto const kRow = PartitionKind::row_parallel;
auto const kVocab = PartitionKind::vocab_parallel;

ChunkCase const kChunkCases[] = {
    {"column", DType::bf16, {4096, 4096}, cut(kColumn, 0, {{4096, 1, false}}), 4, Dims{1024, 4096}},
    {"row", DType::bf16, {4096, 11008}, cut(kRow, 1, {{11008, 1, false}}), 4, Dims{4096, 2752}},
    {"vocabulary that divides", DType::bf16, {32000, 4096}, cut(kVocab, 0, {{32000, 1, false}}), 4, Dims{8000, 4096}},
    {"vocabulary with padding", DType::bf16, {32003, 4096}, cut(kVocab, 0, {{32003, 1, false}}), 8, Dims{4001, 4096}},
    {"fused query, key, value",
     DType::bf16,
     {6144, 4096},
     cut(kColumn, 0, {{4096, 128, false}, {1024, 128, false}, {1024, 128, false}}),
     4,
     Dims{256, 4096}},
    {"shared key heads", DType::bf16, {256, 4096}, cut(kColumn, 0, {{256, 128, true}}), 8, Dims{128, 4096}},
    {"one shared key head", DType::bf16, {128, 4096}, cut(kColumn, 0, {{128, 128, true}}), 8, std::nullopt},
    {"transposed fused weight",
     DType::f32,
     {1024, 3072},
     cut(kColumn, 1, {{1024, 64, false}, {1024, 64, false}, {1024, 64, false}}),
     4,
     Dims{1024, 256}},
    {"replicated", DType::bf16, {4096, 4096}, {}, 4, std::nullopt},
    {"one rank", DType::bf16, {4096, 4096}, cut(kColumn, 0, {{4096, 1, false}}), 1, std::nullopt},
    {"small", DType::f32, {1024}, cut(kColumn, 0, {{1024, 1, false}}), 4, std::nullopt},
    {"small chunks", DType::f32, {256, 128}, cut(kColumn, 0, {{256, 1, false}}), 8, std::nullopt},
    {"does not divide", DType::bf16, {4096, 4096}, cut(kColumn, 0, {{4096, 1, false}}), 3, std::nullopt},
    {"empty", DType::bf16, {0, 4096}, cut(kColumn, 0, {{0, 1, false}}), 4, std::nullopt},
};

TEST(ChunkOf, IsOneRanksShardOrTheCommonBlockOfItsRuns) {
  for (auto const& [what, dtype, shape, partition, tensor_parallel, chunk] : kChunkCases) {
    EXPECT_EQ(chunk_of(dtype, shape, partition, tensor_parallel), chunk) << what;
  }
}

TEST(ChunkOf, AShardThatIsTooLargeIsCutAlongTheOutermostAxis) {
  // Shards of 8 MiB.
  auto const rows = cut(kColumn, 0, {{4096, 1, false}});
  auto const columns = cut(kRow, 1, {{4096, 1, false}});
  EXPECT_EQ(chunk_of(DType::bf16, {4096, 4096}, rows, 4, 4 * kMiB), (Dims{512, 4096}));
  EXPECT_EQ(chunk_of(DType::bf16, {4096, 4096}, columns, 4, 3 * kMiB), (Dims{1366, 1024}));
  // Along the partitioned axis parts must fit together to a shard: 1024 has no divisor between 256 and 341.
  EXPECT_EQ(chunk_of(DType::bf16, {4096, 4096}, rows, 4, 3 * kMiB), (Dims{256, 4096}));
  // Where an index of the first axis is too large alone, the second one is cut as well.
  auto const experts = cut(kColumn, 1, {{4096, 1, false}});
  EXPECT_EQ(chunk_of(DType::bf16, {8, 4096, 1024}, experts, 4, kMiB), (Dims{1, 512, 1024}));
}

TEST(ChunkOf, AnAwkwardSizeStaysContiguous) {
  // 4099 rows per shard is a prime number: only single rows would fit together.
  auto const partition = cut(kColumn, 0, {{8198, 1, false}});
  EXPECT_EQ(chunk_of(DType::bf16, {8198, 4096}, partition, 2, 16 * kMiB), std::nullopt);
}

}  // namespace
}  // namespace distload
