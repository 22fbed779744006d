// Shards that ranks ask for by boxes, and saves of what they hold: every element is the one that belongs there.
#include <distload/load/loader.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <vector>

#include <distload/save/saver.hpp>

#include "support/mpi_suite.hpp"
#include "support/scratch_directory.hpp"
#include "support/thrown_message.hpp"
#include "support/tiny_llama.hpp"

namespace distload {
namespace {

using ::testing::HasSubstr;

constexpr char const* kEmbedding = "model.embed_tokens.weight";
constexpr char const* kDown = "model.layers.1.mlp.down_proj.weight";

class RequestsTest : public MpiSuite {
 protected:
  void SetUp() override {
    if (ranks().rank() == 0) testing::write_tiny_llama(directory_);
    ranks().barrier();
  }

  static ProcessGrid grid() { return {ranks(), mpi_->node(), {ranks().size(), 1, 1}}; }
  Config config(ReadEngine engine = ReadEngine::automatic) const {
    Config config;
    config.checkpoint.path = directory_;
    config.load.staging = 16 * kMiB;
    config.load.engine = engine;
    return config;
  }

  static std::size_t number_of(std::string const& name) {
    auto const tensors = testing::tiny_llama_tensors();
    auto const found = std::ranges::find(tensors, name, &testing::TinyTensor::name);
    return static_cast<std::size_t>(found - tensors.begin());
  }
  static Shape shape_of(std::string const& name) { return testing::tiny_llama_tensors()[number_of(name)].shape; }

  static std::vector<float> values_of(ShardedModel const& model, std::string const& name) {
    auto const bytes = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), model.bytes(*model.find(name)));
    auto const* const values = reinterpret_cast<float const*>(bytes.data());
    return {values, values + bytes.size() / sizeof(float)};
  }

  /// What a matrix of the checkpoint has in a box, row-major.
  static std::vector<float> expected(std::string const& name, Box const& box) {
    auto const number = number_of(name);
    auto const shape = shape_of(name);
    std::vector<float> values;
    for (std::uint64_t row = 0; row < box.extent[0]; ++row) {
      for (std::uint64_t column = 0; column < box.extent[1]; ++column) {
        values.push_back(
            testing::tiny_llama_value(number, linear_index(shape, {box.offset[0] + row, box.offset[1] + column})));
      }
    }
    return values;
  }

  /// Those that the first ranks ask for.
  static std::vector<Box> blocks_of(std::uint32_t count) {
    std::vector<Box> blocks;
    for (std::uint64_t rank = 0; rank < count; ++rank) blocks.push_back({{5 + rank, 7 * rank}, {11, 13 + rank}});
    return blocks;
  }

  ScratchDirectory const scratch_{ranks()};
  std::filesystem::path const directory_ = scratch_.path();
};

TEST_F(RequestsTest, RanksGetTheBoxesThatTheyAskFor) {
  auto const rank = ranks().rank();
  auto const size = ranks().size();
  for (auto const engine :
       {ReadEngine::automatic, ReadEngine::direct, ReadEngine::buffered, ReadEngine::mmap, ReadEngine::collective}) {
    auto const groups = grid();
    Loader loader(groups, config(engine));
    auto const tensors = loader.open_tensors();
    EXPECT_TRUE(tensors.layout.parameters.empty());
    // Overlapping boxes in both axes; the last rank asks for one of them only.
    Box const rows{{3 * rank, 0}, {40, 128}};
    Box const block = blocks_of(rank + 1).back();
    std::vector<ShardRequest> own{{"rows", {40, 128}, {{kEmbedding, rows, {0, 0}}}}};
    if (rank + 1 < size || size == 1) own.push_back({"block", block.extent, {{kDown, block, {0, 0}}}});
    auto const checkpoint = loader.with_requests(tensors, own);
    auto const plan = loader.plan(checkpoint);
    auto const loaded = loader.load(checkpoint, plan);
    EXPECT_EQ(loaded.model.shards().size(), own.size());
    EXPECT_EQ(values_of(loaded.model, "rows"), expected(kEmbedding, rows));
    if (own.size() > 1) {
      EXPECT_EQ(values_of(loaded.model, "block"), expected(kDown, block));
    }
    // The rows of all ranks, each counted once.
    auto const in_block = union_volume(blocks_of(std::max(size - 1, 1U)));
    EXPECT_EQ(plan.requested_bytes, sizeof(float) * (128 * (40 + 3 * (size - 1)) + in_block));
  }
}

TEST_F(RequestsTest, PartsOfSeveralTensorsLieBesideEachOther) {
  auto const rank = ranks().rank();
  auto const groups = grid();
  Loader loader(groups, config());
  auto const tensors = loader.open_tensors();
  std::string const layer = "model.layers.0.self_attn.";
  Box const q{{16 * rank, 0}, {16, 128}};
  Box const k{{4 * rank, 0}, {4, 128}};
  std::vector<ShardRequest> const own{
      {"qk", {21, 128}, {{layer + "k_proj.weight", k, {17, 0}}, {layer + "q_proj.weight", q, {0, 0}}}}};
  auto const checkpoint = loader.with_requests(tensors, own);
  auto const loaded = loader.load(checkpoint, loader.plan(checkpoint));
  auto all = expected(layer + "q_proj.weight", q);
  all.resize(std::size_t{17} * 128, 0.0F);  // a row that no part covers
  auto const second = expected(layer + "k_proj.weight", k);
  all.insert(all.end(), second.begin(), second.end());
  EXPECT_EQ(values_of(loaded.model, "qk"), all);
}

TEST_F(RequestsTest, TheCallersMemoryIsFilled) {
  // Rows of two tensors go to one matrix, columns of a third to another; what no part covers keeps its values.
  constexpr float kUntouched = -1;
  auto const rank = ranks().rank();
  std::string const attention = "model.layers.0.self_attn.";
  Box const q{{16 * rank, 0}, {16, 128}};
  Box const k{{4 * rank, 0}, {4, 128}};
  Box const down{{7 * rank, 3}, {11, 13}};
  std::vector<ShardRequest> const own{{"q", {21, 128}, {{attention + "q_proj.weight", q, {0, 0}}}},
                                      {"k", {21, 128}, {{attention + "k_proj.weight", k, {17, 0}}}},
                                      {"down", {12, 20}, {{kDown, down, {1, 5}}}},
                                      {"nothing", {0, 128}, {{kEmbedding, {{7, 0}, {0, 128}}, {0, 0}}}}};
  auto all = expected(attention + "q_proj.weight", q);
  all.resize(std::size_t{17} * 128, kUntouched);
  auto const second = expected(attention + "k_proj.weight", k);
  all.insert(all.end(), second.begin(), second.end());
  std::vector<float> block(std::size_t{12} * 20, kUntouched);
  auto const columns = expected(kDown, down);
  for (std::size_t i = 0; i < columns.size(); ++i) block[(i / 13 + 1) * 20 + 5 + i % 13] = columns[i];

  Kokkos::View<float*, ShardSpace> const matrix("matrix", all.size());
  Kokkos::View<float*, ShardSpace> const other("other", block.size());
  auto const memory_of = [](char const* name, auto const& view) {
    return ShardMemory{name, reinterpret_cast<std::byte*>(view.data()), view.size() * sizeof(float)};
  };
  std::vector<ShardMemory> const memories{
      memory_of("down", other), memory_of("q", matrix), memory_of("k", matrix), {"nothing", nullptr, 0}};
  auto const on_host = [](auto const& view) {
    auto const copy = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), view);
    return std::vector<float>(copy.data(), copy.data() + copy.size());
  };
  auto const groups = grid();
  for (auto const engine :
       {ReadEngine::automatic, ReadEngine::direct, ReadEngine::buffered, ReadEngine::mmap, ReadEngine::collective}) {
    Kokkos::deep_copy(matrix, kUntouched);
    Kokkos::deep_copy(other, kUntouched);
    Loader loader(groups, config(engine));
    auto const checkpoint = loader.with_requests(loader.open_tensors(), own);
    auto const plan = loader.plan(checkpoint, memories);
    loader.load_into(checkpoint, plan, memories);
    EXPECT_EQ(on_host(matrix), all);
    EXPECT_EQ(on_host(other), block);

    // The plan of one memory is not used for another, nor one for new memory.
    auto moved = memories;
    if (rank == 0) moved[0].data = moved[1].data;
    EXPECT_THROW(loader.load_into(checkpoint, plan, moved), ConfigError);
    EXPECT_THROW(loader.load_into(checkpoint, loader.plan(checkpoint), memories), ConfigError);
  }
  EXPECT_EQ(on_host(matrix), all);

  // One rank's mistake is that of all.
  Loader loader(groups, config());
  auto const checkpoint = loader.with_requests(loader.open_tensors(), own);
  auto const message_of = [&](std::vector<ShardMemory> const& wrong) {
    return thrown_message<ConfigError>(
        [&] { static_cast<void>(loader.plan(checkpoint, rank + 1 == ranks().size() ? wrong : memories)); });
  };
  EXPECT_THAT(message_of({memories[0], memories[1], memories[3]}), HasSubstr("there is no memory for shard k"));
  auto small = memories;
  small[0].nbytes -= 4;
  EXPECT_THAT(message_of(small), HasSubstr("shard down has 960 B, its memory 956 B"));
  auto more = memories;
  more.push_back(memory_of("v", matrix));
  EXPECT_THAT(message_of(more), HasSubstr("there is memory for v, which is no shard"));
  more.back().name = "k";
  EXPECT_THAT(message_of(more), HasSubstr("there is memory for shard k twice"));
}

TEST_F(RequestsTest, OneRanksMistakeIsThatOfAll) {
  auto const groups = grid();
  Loader loader(groups, config());
  auto const tensors = loader.open_tensors();
  auto const last = ranks().size() - 1;
  std::vector<ShardRequest> own;
  if (ranks().rank() == last) own.push_back({"x", {1, 128}, {{kEmbedding, {{101, 0}, {1, 128}}, {0, 0}}}});
  auto const message = thrown_message<ConfigError>([&] { static_cast<void>(loader.with_requests(tensors, own)); });
  EXPECT_THAT(message, HasSubstr("rank " + std::to_string(last) + " asks for a shard x"));
}

TEST_F(RequestsTest, WhatRanksHoldIsSaved) {
  // A matrix in a grid of boxes, and a vector that all hold; the file is loaded again in other boxes.
  auto const rank = ranks().rank();
  auto const size = ranks().size();
  std::uint64_t const columns = size % 2 == 0 ? 2 : 1;
  std::uint64_t const rows = size / columns;
  Shape const shape{6 * rows, 10 * columns};
  Box const box{{6 * (rank / columns), 10 * (rank % columns)}, {6, 10}};
  std::vector<float> shard(60);
  for (std::uint64_t i = 0; i < 60; ++i) {
    shard[i] = static_cast<float>(linear_index(shape, {box.offset[0] + i / 10, box.offset[1] + i % 10}));
  }
  std::vector<float> vector(7);
  std::iota(vector.begin(), vector.end(), 100.0F);
  auto const on_device = [](std::vector<float> const& values) {
    Kokkos::View<float*, ShardSpace> copy("values", values.size());
    Kokkos::deep_copy(copy, Kokkos::View<float const*, Kokkos::HostSpace>(values.data(), values.size()));
    return copy;
  };
  auto const matrix_there = on_device(shard);
  auto const vector_there = on_device(vector);
  auto const bytes = [](auto const& view) { return reinterpret_cast<std::byte const*>(view.data()); };
  std::vector<HeldShard> const own{{"matrix", DType::f32, shape, {{6, 10}, {{box, {0, 0}}}}, bytes(matrix_there)},
                                   {"vector", DType::f32, {7}, {{7}, {{{{0}, {7}}, {0}}}}, bytes(vector_there)}};

  SaveOptions options;
  options.directory = directory_ / "saved";
  CheckpointMetadata metadata;
  metadata.step = 5;
  metadata.model_name = "held";
  for (bool const in_background : {false, true}) {
    Saver saver(options);
    if (in_background) {
      metadata.step = 6;
      saver.save_async(own, metadata, ranks());
      saver.wait();
    } else {
      EXPECT_EQ(saver.save(own, metadata, ranks()).step, 5U);
    }
    auto read = config();
    read.checkpoint.path = options.directory;
    auto const groups = grid();
    Loader loader(groups, read);
    auto const tensors = loader.open_tensors();
    EXPECT_EQ(tensors.catalog.metadata.step, metadata.step);
    EXPECT_EQ(tensors.catalog.metadata.model_name, "held");
    std::vector<ShardRequest> const asked{{"all", shape, {{"matrix", whole(shape), {0, 0}}}},
                                          {"tail", {2}, {{"vector", {{5}, {2}}, {0}}}}};
    auto const checkpoint = loader.with_requests(tensors, asked);
    auto const loaded = loader.load(checkpoint, loader.plan(checkpoint));
    std::vector<float> all(volume(shape));
    std::iota(all.begin(), all.end(), 0.0F);
    EXPECT_EQ(values_of(loaded.model, "all"), all);
    EXPECT_EQ(values_of(loaded.model, "tail"), (std::vector<float>{105, 106}));
  }

  if (size == 1) return;
  // Without the last rank's part, the matrix is not whole.
  auto const missing = std::span(own).subspan(rank + 1 == size ? 1 : 0);
  metadata.step = 7;
  Saver saver(options);
  EXPECT_THAT(thrown_message<ConfigError>([&] { saver.save(missing, metadata, ranks()); }),
              HasSubstr("no rank holds 60 of the"));
}

}  // namespace
}  // namespace distload
