// NUMA nodes of made-up machines, and what is decided for their ranks.
#include "base/numa.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "support/scratch_folder.hpp"

namespace distload {
namespace {

Processors range(std::uint32_t first, std::uint32_t last) {
  Processors all;
  for (auto number = first; number <= last; ++number) all.push_back(number);
  return all;
}

/// A folder that stands for "/" of a machine with two nodes of 4 processors each, and one that has memory only.
class TwoSockets {
 public:
  TwoSockets() {
    add("sys/devices/system/node/node1/cpulist", "4-7");
    add("sys/devices/system/node/node0/cpulist", "0-3");
    add("sys/devices/system/node/node2/cpulist", "");
    add("sys/devices/system/node/online", "0-2");
    add("sys/devices/system/cpu/online", "0-7");
  }

  void add(std::string const& path, std::string const& content) const { folder_.write(path, content + "\n"); }
  std::filesystem::path const& path() const { return folder_.path(); }

 private:
  ScratchFolder folder_;
};

NumaFacts facts_of(TwoSockets const& root) {
  NumaFacts facts;
  facts.nodes = numa_nodes(root.path());
  facts.allowed = allowed_processors(root.path()).value();
  facts.current = facts.allowed;
  return facts;
}

TEST(ParseProcessors, TakesRangesAndRefusesOtherTexts) {
  EXPECT_EQ(parse_processors("0-3,8,10-11\n"), (Processors{0, 1, 2, 3, 8, 10, 11}));
  EXPECT_EQ(parse_processors("5"), Processors{5});
  EXPECT_EQ(parse_processors("4,2-4"), (Processors{2, 3, 4}));
  EXPECT_EQ(parse_processors(""), Processors{});
  for (auto const* const text : {"a", "3-1", "1,,2", "0-99999999", "-1", "1-"}) {
    EXPECT_EQ(parse_processors(text), std::nullopt) << text;
  }
}

TEST(NumaNodes, AreThoseWithProcessorsByNumber) {
  TwoSockets const root;
  auto const nodes = numa_nodes(root.path());
  ASSERT_EQ(nodes.size(), 2U);
  EXPECT_EQ(nodes[0].number, 0U);
  EXPECT_EQ(nodes[1].processors, range(4, 7));
  EXPECT_TRUE(numa_nodes("/nowhere").empty());
}

TEST(AllowedProcessors, AreThoseOfTheControlGroupElseAllOnline) {
  TwoSockets const root;
  EXPECT_EQ(allowed_processors(root.path()), range(0, 7));
  root.add("proc/self/cgroup", "3:cpuset:/slurm/job\n0::/");
  EXPECT_EQ(allowed_processors(root.path()), range(0, 7));
  root.add("sys/fs/cgroup/cpuset/slurm/cpuset.effective_cpus", "0-5");
  EXPECT_EQ(allowed_processors(root.path()), range(0, 5)) << "of the parent";
  root.add("proc/self/cgroup", "0::/slurm/job");
  root.add("sys/fs/cgroup/slurm/job/cpuset.cpus.effective", "2-3");
  EXPECT_EQ(allowed_processors(root.path()), range(2, 3));
}

TEST(NumaNodeOfDevice, TakesNumaNodeOrElseTheLocalProcessors) {
  TwoSockets const root;
  auto const nodes = numa_nodes(root.path());
  auto const node_of = [&](char const* bus_id) { return numa_node_of_device(bus_id, nodes, root.path()); };
  root.add("sys/bus/pci/devices/0000:ab:00.0/numa_node", "1");
  EXPECT_EQ(node_of("0000:AB:00.0"), 1U) << "CUDA prints upper case";
  root.add("sys/bus/pci/devices/0000:01:00.0/numa_node", "-1");
  EXPECT_EQ(node_of("0000:01:00.0"), std::nullopt);
  root.add("sys/bus/pci/devices/0000:01:00.0/local_cpulist", "4-7");
  EXPECT_EQ(node_of("0000:01:00.0"), 1U);
  root.add("sys/bus/pci/devices/0000:01:00.0/local_cpulist", "0-7");
  EXPECT_EQ(node_of("0000:01:00.0"), std::nullopt) << "near to all means not known";
  EXPECT_EQ(node_of("0000:02:00.0"), std::nullopt);
}

TEST(DecideBinding, TakesTheNodeOfTheDevice) {
  auto facts = facts_of(TwoSockets());
  facts.has_device = true;
  facts.device_node = 1;
  auto const decision = decide_binding(NumaBinding::automatic, facts);
  ASSERT_TRUE(decision.target) << decision.reason;
  EXPECT_EQ(decision.target->processors, range(4, 7));
  EXPECT_EQ(decision.target->memory_node, 1U);
  facts.device_node.reset();
  EXPECT_FALSE(decide_binding(NumaBinding::numa, facts).target);
}

TEST(DecideBinding, DividesTheNodesAmongRanksWithoutDevices) {
  auto facts = facts_of(TwoSockets());
  struct Case {
    std::uint32_t rank, size;
    Processors processors;
    std::optional<std::uint32_t> node;
  };
  for (auto const& [rank, size, processors, node] : {Case{0, 1, range(0, 7), {}},
                                                     {0, 2, range(0, 3), 0},
                                                     {1, 2, range(4, 7), 1},
                                                     {1, 4, range(0, 3), 0},
                                                     {2, 4, range(4, 7), 1},
                                                     {1, 3, range(0, 3), 0},
                                                     {2, 3, range(4, 7), 1}}) {
    facts.node_rank = rank;
    facts.node_size = size;
    auto const decision = decide_binding(NumaBinding::automatic, facts);
    ASSERT_TRUE(decision.target) << decision.reason;
    EXPECT_EQ(decision.target->processors, processors) << rank << " of " << size;
    EXPECT_EQ(decision.target->memory_node, node) << rank << " of " << size;
  }
}

TEST(DecideBinding, LeavesABoundProcessAsItIsUnlessToldOtherwise) {
  auto facts = facts_of(TwoSockets());
  facts.current = {2, 3, 4};
  EXPECT_FALSE(decide_binding(NumaBinding::automatic, facts).target);
  facts.node_size = 2;
  auto const decision = decide_binding(NumaBinding::numa, facts);
  ASSERT_TRUE(decision.target);
  EXPECT_EQ(decision.target->processors, range(2, 3)) << "never more than the process has";
  facts.node_rank = 1;
  facts.current = {0, 1};
  EXPECT_FALSE(decide_binding(NumaBinding::numa, facts).target);
}

TEST(DecideBinding, BindsAProcessThatHasAllOfItsControlGroup) {
  auto facts = facts_of(TwoSockets());
  facts.allowed = {2, 3, 4, 5};
  facts.current = facts.allowed;
  facts.node_size = 2;
  auto const decision = decide_binding(NumaBinding::automatic, facts);
  ASSERT_TRUE(decision.target) << decision.reason;
  EXPECT_EQ(decision.target->processors, range(2, 3));
}

TEST(DecideBinding, DoesNothingWhereThereIsNothingToChoose) {
  auto facts = facts_of(TwoSockets());
  EXPECT_FALSE(decide_binding(NumaBinding::none, facts).target);
  facts.nodes.pop_back();
  EXPECT_FALSE(decide_binding(NumaBinding::automatic, facts).target);
  facts.nodes.clear();
  EXPECT_FALSE(decide_binding(NumaBinding::numa, facts).target);
}

TEST(BindThisThread, BindsToWhatTheThreadHasAndPrefersItsNode) {
  auto const before = current_processors();
  ASSERT_FALSE(before.empty());
  NumaTarget target{.processors = {before.front()}, .memory_node = {}};
  for (auto const& node : numa_nodes()) {
    if (std::ranges::find(node.processors, before.front()) != node.processors.end()) target.memory_node = node.number;
  }
  auto const refused = bind_this_thread(target);
  if (refused.starts_with("set_mempolicy")) GTEST_SKIP() << refused;  // containers may forbid it
  EXPECT_EQ(refused, "");
  EXPECT_EQ(current_processors(), target.processors);
  EXPECT_EQ(bind_this_thread({.processors = before, .memory_node = {}}), "");
}

}  // namespace
}  // namespace distload
