// Seconds by stage of loads onto devices, told by hand; plans on described machines.
#include "plan/ledger/prediction.hpp"

#include <gtest/gtest.h>

#include "plan/machine_plan.hpp"
#include "plan/make_plan.hpp"
#include "small_model.hpp"

namespace distload {
namespace {

/// A plan with one rank per entry; each reads, sends and receives as told.
LoadPlan plan_of(std::vector<RankLoad> const& ranks) {
  LoadPlan plan;
  plan.ranks = ranks;
  plan.slots = 2;
  for (auto const& load : ranks) {
    plan.storage_read_bytes += load.read_bytes;
    plan.exchanged_bytes += load.sent_bytes;
  }
  plan.has_messages = plan.exchanged_bytes > 0;
  return plan;
}

/// Devices: storage 1 GB/s, upload 2 GB/s, peers 4 GB/s, links 0.5 GB/s, memory 100 GB/s, no latencies.
PlanOptions on_devices() {
  PlanOptions options;
  options.arena_on_host = false;
  options.cost = {.storage_bandwidth = 1e9,
                  .cache_bandwidth = 10e9,
                  .link_bandwidth = 0.5e9,
                  .storage_latency_seconds = 0,
                  .link_latency_seconds = 0,
                  .request_overhead_seconds = 0,
                  .upload_bandwidth = 2e9,
                  .peer_bandwidth = 4e9,
                  .device_memory_bandwidth = 100e9};
  return options;
}

TEST(Predict, CountsEveryStageOfDevices) {
  // Rank 0 reads all, keeps 200 MB, stores 300 MB to its neighbour, and sends 500 MB to another node.
  auto const plan =
      plan_of({{.resident_bytes = 200'000'000,
                .read_bytes = 1'000'000'000,
                .sent_bytes = 800'000'000,
                .sent_on_node_bytes = 300'000'000},
               {.resident_bytes = 300'000'000, .received_bytes = 300'000'000, .received_on_node_bytes = 300'000'000},
               {.resident_bytes = 500'000'000, .received_bytes = 500'000'000}});
  auto const predicted = predict(plan, 10, on_devices());
  EXPECT_DOUBLE_EQ(predicted.read_seconds, 1.0);
  EXPECT_DOUBLE_EQ(predicted.upload_seconds, 0.5);
  EXPECT_DOUBLE_EQ(predicted.peer_seconds, 0.075);
  EXPECT_DOUBLE_EQ(predicted.exchange_seconds, 1.0);
  // Of rank 0: 1000 uploaded, 200 read and written, 300 read for the neighbour, 500 packed: read, written, read.
  EXPECT_DOUBLE_EQ(predicted.place_seconds, 0.032);
}

TEST(Predict, OverlapsAllStagesWithTheSlowestButForOneWave) {
  auto const plan = plan_of({{.resident_bytes = 1'000'000'000, .read_bytes = 1'000'000'000}});
  auto options = on_devices();
  auto const predicted = predict(plan, 10, options);
  EXPECT_EQ(predicted.limit().name, "read");
  EXPECT_DOUBLE_EQ(predicted.place_seconds, 0.03);
  EXPECT_NEAR(predicted.total_seconds, 1.0 + (0.5 + 0.03) / 10, 1e-12);

  options.cost.storage_bandwidth = 10e9;
  auto const warm = predict(plan, 10, options);
  EXPECT_EQ(warm.limit().name, "upload");
  EXPECT_NEAR(warm.total_seconds, 0.5 + (0.1 + 0.03) / 10, 1e-12);

  auto one_slot = plan;
  one_slot.slots = 1;
  EXPECT_NEAR(predict(one_slot, 10, options).total_seconds, 0.63, 1e-12) << "nothing overlaps";
}

TEST(Predict, LimitsStorageOfANode) {
  auto const plan = plan_of({{.read_bytes = 600'000'000}, {.read_bytes = 200'000'000}, {.read_bytes = 200'000'000}});
  auto options = on_devices();
  options.node_of = {0, 0, 1};
  options.cost.storage_bandwidth = 4e9;
  EXPECT_DOUBLE_EQ(predict(plan, 1, options).read_seconds, 0.25);
  options.cost.node_storage_bandwidth = 2e9;
  EXPECT_DOUBLE_EQ(predict(plan, 1, options).read_seconds, 0.4);
  options.resident = 1;
  EXPECT_DOUBLE_EQ(predict(plan, 1, options).read_seconds, 0.1);
}

TEST(Predict, AddsNewHostMemoryOfTheBusiestNodeToReading) {
  auto plan = plan_of({{.resident_bytes = 600'000'000, .read_bytes = 1'000'000'000, .staging_bytes = 50'000'000},
                       {.resident_bytes = 300'000'000},
                       {.resident_bytes = 300'000'000, .view_bytes = 300'000'000}});
  auto options = on_devices();
  options.arena_on_host = true;
  options.cost.memory_bandwidth = 1e9;
  auto predicted = predict(plan, 4, options);
  EXPECT_DOUBLE_EQ(predicted.memory_seconds, 1.0) << "600 + 2 x 50 + 300 + 0 MB on one node";
  EXPECT_DOUBLE_EQ(predicted.total_seconds, 2.0) << "the threads that read also populate";
  options.node_of = {0, 1, 2};
  EXPECT_DOUBLE_EQ(predict(plan, 4, options).memory_seconds, 0.7);
  options.places = {{0, {}}};
  EXPECT_EQ(predict(plan, 4, options).memory_seconds, 0) << "existing memory is filled again";
}

TEST(Predict, ReadsOfMappedFilesOnlyWhatIsVerifiedOrCopied) {
  auto const plan =
      plan_of({{.resident_bytes = 1'000'000'000, .view_bytes = 800'000'000, .read_bytes = 1'000'000'000}});
  auto options = on_devices();
  options.arena_on_host = true;
  options.files_are_mapped = true;
  options.resident = 1;
  options.cost.mapped_bandwidth = 20e9;
  options.cost.memory_bandwidth = 1e9;
  auto const verified = predict(plan, 4, options);
  EXPECT_DOUBLE_EQ(verified.read_seconds, 0.05 + 0.02);
  EXPECT_DOUBLE_EQ(verified.memory_seconds, 0.2);
  options.verifies = false;
  EXPECT_DOUBLE_EQ(predict(plan, 4, options).read_seconds, 0.02);
}

TEST(Predict, LeavesHostMemoryAsItWas) {
  auto const plan = plan_of({{.read_bytes = 1'000'000'000, .sent_bytes = 800'000'000}});
  auto options = on_devices();
  options.arena_on_host = true;
  auto const predicted = predict(plan, 4, options);
  EXPECT_DOUBLE_EQ(predicted.read_seconds, 1.0);
  EXPECT_DOUBLE_EQ(predicted.exchange_seconds, 1.6);
  EXPECT_DOUBLE_EQ(predicted.upload_seconds + predicted.peer_seconds + predicted.place_seconds, 0);
  EXPECT_DOUBLE_EQ(predicted.total_seconds, 1.6 + 1.0 / 4);
}

Machine two_nodes() {
  Machine machine;
  machine.name = "two";
  machine.nodes = 2;
  machine.devices_per_node = 2;
  machine.device_memory = 4 * kGiB;
  machine.device_reserve = kGiB;
  machine.cost = on_devices().cost;
  return machine;
}

TEST(MachinePlan, DividesMessagesIntoThoseOnANodeAndThoseBetween) {
  testing::SmallModel model;
  model.add({4096, 1024}, testing::cut_along(0, 4096));
  auto const machine = two_nodes();
  auto const plan = make_plan(model.catalog, model.layout, {2, 1, 2}, 0, plan_options_on(machine, {}));
  // Ranks 0 and 2, 1 and 3 are replicas of each other; they are on different nodes.
  for (auto const& load : plan.ranks) EXPECT_EQ(load.sent_on_node_bytes + load.received_on_node_bytes, 0U);
  EXPECT_EQ(plan.exchanged_bytes, 16 * kMiB);
  EXPECT_GT(plan.predicted.exchange_seconds, 0);
  EXPECT_EQ(plan.predicted.peer_seconds, 0);

  auto one_node = machine;
  one_node.nodes = 1;
  one_node.devices_per_node = 4;
  auto const on_node = make_plan(model.catalog, model.layout, {2, 1, 2}, 0, plan_options_on(one_node, {}));
  Bytes received = 0;
  for (auto const& load : on_node.ranks) {
    EXPECT_EQ(load.sent_on_node_bytes, load.sent_bytes);
    EXPECT_EQ(load.received_on_node_bytes, load.received_bytes);
    received += load.received_bytes;
  }
  EXPECT_EQ(received, 16 * kMiB);
  EXPECT_EQ(on_node.predicted.exchange_seconds, 0);
  EXPECT_GT(on_node.predicted.peer_seconds, 0);
}

TEST(MachinePlan, SaysWhetherTheDevicesHaveTheMemory) {
  testing::SmallModel model;
  model.add({1024, 1024, 2048}, testing::cut_along(0, 1024));
  auto machine = two_nodes();
  auto const plan = make_plan(model.catalog, model.layout, {4, 1, 1}, 0, plan_options_on(machine, {}));
  auto const use = memory_use_on(machine, plan);
  EXPECT_EQ(use.usable_bytes, 3 * kGiB);
  EXPECT_GE(use.needed_bytes, 2 * kGiB);
  EXPECT_TRUE(use.fits());
  machine.device_memory = 2 * kGiB;
  EXPECT_FALSE(memory_use_on(machine, plan).fits());
  EXPECT_EQ(describe(machine), "two: 2 nodes with 2 devices of 2 GiB each");
}

TEST(MachinePlan, PlansForTheMemoryOfHosts) {
  testing::SmallModel model;
  model.add({4096, 1024}, testing::cut_along(0, 4096));
  auto machine = two_nodes();
  machine.on_host = true;
  auto const options = plan_options_on(machine, {});
  EXPECT_TRUE(options.arena_on_host);
  auto const plan = make_plan(model.catalog, model.layout, {4, 1, 1}, 0, options);
  EXPECT_GT(plan.predicted.memory_seconds, 0);
  EXPECT_EQ(plan.predicted.upload_seconds, 0);
  EXPECT_EQ(describe(machine), "two: 2 nodes with 2 ranks of 4 GiB each");
}

}  // namespace
}  // namespace distload
