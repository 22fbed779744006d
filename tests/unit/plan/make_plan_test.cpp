// make_plan on small models whose plan can be told by hand.
#include "plan/make_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <distload/base/error.hpp>

#include "plan/rank_work.hpp"

namespace distload {
namespace {

/// A model whose tensors are stored as `extents_per_tensor` slabs along axis 0.
struct SlabModel {
  Catalog catalog;
  ModelLayout layout;

  void add(std::string const& name, Shape const& shape, Partition const& partition, std::uint64_t extents = 1) {
    TensorInfo tensor{name,
                      DType::f32,
                      shape,
                      static_cast<std::uint32_t>(catalog.extents.size()),
                      static_cast<std::uint32_t>(extents),
                      "",
                      -1};
    auto const rows = shape[0] / extents;
    for (std::uint64_t i = 0; i < extents; ++i) {
      Extent extent;
      extent.tensor = static_cast<std::uint32_t>(catalog.tensors.size());
      extent.box = whole(shape);
      extent.box.offset[0] = i * rows;
      extent.box.extent[0] = rows;
      extent.nbytes = volume(extent.box) * 4;
      catalog.extents.push_back(extent);
    }
    layout.parameters.push_back({static_cast<std::uint32_t>(catalog.tensors.size()), partition, {0}, ""});
    catalog.tensors.push_back(tensor);
  }
};

Partition cut(PartitionKind kind, std::uint32_t axis, std::uint64_t size) { return {kind, axis, {{size, 1, false}}}; }

TEST(MakePlan, ReadsTheSavedLayoutStraightIntoTheArena) {
  SlabModel model;
  model.add("w", {1024, 512}, cut(PartitionKind::column_parallel, 0, 1024), 4);
  for (std::uint32_t rank = 0; rank < 4; ++rank) {
    auto const plan = make_plan(model.catalog, model.layout, {4, 1, 1}, rank, {});
    ASSERT_EQ(plan.work->waves.size(), 1U);
    ASSERT_EQ(plan.work->waves[0].reads.size(), 1U);
    EXPECT_EQ(plan.work->waves[0].reads[0].extent, rank);
    EXPECT_EQ(plan.work->waves[0].reads[0].area, Area::arena);
    EXPECT_EQ(plan.slot_bytes, 0U);
    EXPECT_EQ(plan.exchanged_bytes, 0U);
    EXPECT_EQ(plan.peak_bytes(), plan.arena_bytes);
    EXPECT_DOUBLE_EQ(plan.read_amplification(), 1.0);
  }
}

/// The messages of all ranks, each on a node of its own, by sender and receiver.
std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<Bytes>> messages_of(SlabModel const& model,
                                                                                  Topology const& topology,
                                                                                  PlanOptions options) {
  options.node_of.resize(topology.ranks());
  std::iota(options.node_of.begin(), options.node_of.end(), 0U);
  options.cost.storage_bandwidth = kMiB;  // so slow that each byte is read once
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<Bytes>> sent;
  for (std::uint32_t rank = 0; rank < topology.ranks(); ++rank) {
    auto const plan = make_plan(model.catalog, model.layout, topology, rank, options);
    for (auto const& wave : plan.work->waves) {
      for (auto const& message : wave.sends) sent[{rank, message.peer}].push_back(message.nbytes);
    }
  }
  return sent;
}

TEST(MakePlan, SendsAMebibyteAndMoreAtATimeBetweenDevices) {
  SlabModel model;
  for (int i = 0; i < 32; ++i) {
    model.add("replicated" + std::to_string(i), {96, 1024}, {});
    model.add("columns" + std::to_string(i), {768, 1024}, cut(PartitionKind::row_parallel, 1, 1024));
  }
  PlanOptions options;
  use_device(options, 1, 4 * kKiB);
  for (auto const& topology : {Topology{1, 1, 4}, Topology{4, 1, 1}, Topology{2, 1, 2}}) {
    auto const sent = messages_of(model, topology, options);
    ASSERT_FALSE(sent.empty());
    for (auto const& [pair, messages] : sent) {
      auto const total = std::accumulate(messages.begin(), messages.end(), Bytes{0});
      EXPECT_LE(messages.size(), std::max<Bytes>(1, total / kMiB))
          << "tensor " << topology.tensor_parallel << ", rank " << pair.first << " to " << pair.second << ": " << total;
    }
  }
}

TEST(MakePlan, PredictsByWhereTheFilesAre) {
  SlabModel model;
  model.add("w", {1024, 512}, cut(PartitionKind::column_parallel, 0, 1024), 4);
  PlanOptions options;
  options.cost = {1e6, 1e7, 1e9, 0, 0, 0};
  auto const nbytes = static_cast<double>(1024 * 512 * 4);
  for (auto const& [resident, seconds] : {std::pair{0.0, nbytes / 1e6}, {1.0, nbytes / 1e7}, {0.5, nbytes * 0.55e-6}}) {
    options.resident = resident;
    auto const plan = make_plan(model.catalog, model.layout, {4, 1, 1}, 0, options);
    EXPECT_DOUBLE_EQ(plan.predicted.read_seconds, seconds);
    EXPECT_DOUBLE_EQ(plan.predicted.exchange_seconds, 0);
  }
}

TEST(MakePlan, ReadsRowsAndSendsColumnsOfARowMajorTensor) {
  SlabModel model;
  model.add("w", {4096, 4096}, cut(PartitionKind::row_parallel, 1, 4096));
  auto const plan = make_plan(model.catalog, model.layout, {4, 1, 1}, 1, {});
  EXPECT_EQ(plan.work->parameter(0).strategy, Strategy::two_phase);
  EXPECT_EQ(plan.storage_read_bytes, 64 * kMiB);
  EXPECT_EQ(plan.ranks[1].read_bytes, 16 * kMiB) << "the reads are shared out evenly";
  EXPECT_EQ(plan.ranks[1].received_bytes, 12 * kMiB);
  EXPECT_EQ(plan.exchanged_bytes, 48 * kMiB);
}

TEST(MakePlan, ReadsReplicasOnce) {
  SlabModel model;
  model.add("w", {4096, 1024}, cut(PartitionKind::column_parallel, 0, 4096));
  auto const plan = make_plan(model.catalog, model.layout, {2, 1, 3}, 0, {});
  EXPECT_EQ(plan.storage_read_bytes, 16 * kMiB);
  EXPECT_EQ(plan.arena_bytes, 8 * kMiB);
  EXPECT_EQ(plan.exchanged_bytes, 32 * kMiB) << "each half goes to two more replicas";
}

TEST(MakePlan, RefusesMoreMemoryThanItMayUseAndSaysWhatWouldFit) {
  SlabModel model;
  model.add("small", {1024, 4}, {});
  model.add("large", {4096, 1024}, cut(PartitionKind::column_parallel, 0, 4096));
  PlanOptions options;
  options.memory_limit = 4 * kMiB;
  try {
    make_plan(model.catalog, model.layout, {2, 1, 1}, 0, options);
    FAIL() << "nothing was refused";
  } catch (OutOfBudget const& error) {
    std::string const message = error.what();
    EXPECT_NE(message.find("large"), std::string::npos) << message;
    EXPECT_NE(message.find("8 MiB"), std::string::npos) << message;
    EXPECT_NE(message.find("load.memory_limit"), std::string::npos) << message;
  }
}

TEST(MakePlan, FitsExactlyTheLimitThatItAskedFor) {
  SlabModel model;
  model.add("w", {4096, 4096}, cut(PartitionKind::row_parallel, 1, 4096));
  PlanOptions options;
  auto const needed = make_plan(model.catalog, model.layout, {4, 1, 1}, 0, options).peak_bytes();
  options.memory_limit = needed;
  EXPECT_NO_THROW(make_plan(model.catalog, model.layout, {4, 1, 1}, 0, options));
  options.memory_limit = needed - 1;
  EXPECT_THROW(make_plan(model.catalog, model.layout, {4, 1, 1}, 0, options), OutOfBudget);
}

TEST(MakePlan, RefusesStagingBelowAFewBlocks) {
  SlabModel model;
  model.add("w", {4, 4}, {});
  PlanOptions options;
  options.staging_bytes = kMiB;
  EXPECT_THROW(make_plan(model.catalog, model.layout, {1, 1, 1}, 0, options), ConfigError);
}

TEST(MakePlan, GivesStagesOnlyTheirOwnParameters) {
  SlabModel model;
  model.add("first", {8, 8}, {});
  model.add("second", {16, 8}, {});
  model.layout.parameters[1].stages = {1};
  auto const plan = make_plan(model.catalog, model.layout, {1, 2, 1}, 1, {});
  ASSERT_EQ(plan.work->shards.size(), 1U);
  EXPECT_EQ(plan.work->shards[0].parameter, 1U);
  EXPECT_EQ(plan.ranks[0].read_bytes, 256U);
  EXPECT_EQ(plan.ranks[1].read_bytes, 512U);
}

TEST(Describe, ListsEveryParameterAndTheTotals) {
  SlabModel model;
  model.add("model.w", {4096, 1024}, cut(PartitionKind::column_parallel, 0, 4096));
  model.layout.parameters[0].rule = "llama.yaml:7";
  auto const text = describe(make_plan(model.catalog, model.layout, {2, 1, 1}, 0, {}), model.catalog, model.layout);
  for (auto const* const expected :
       {"model.w", "column_parallel axis 0", "llama.yaml:7", "[2048, 1024]", "8 MiB", "read amplification"}) {
    EXPECT_NE(text.find(expected), std::string::npos) << expected << " is missing in\n" << text;
  }
}

}  // namespace
}  // namespace distload
