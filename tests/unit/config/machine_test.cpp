// Files of machines, and what is said about their mistakes.
#include "config/machine.hpp"

#include <gtest/gtest.h>

#include <distload/base/error.hpp>

#include "support/thrown_message.hpp"

namespace distload {
namespace {

std::string error_of_machine(std::string const& text) {
  return thrown_message<ConfigError>([&] { parse_machine(text, "m.yaml"); });
}

TEST(ParseMachine, SetsWhatTheFileSays) {
  auto const machine = parse_machine(R"(
machine: {nodes: 2, devices_per_node: 4, device_memory: 80 GB, device_reserve: 1 GB}
cost: {upload_bandwidth: 55 GB/s, node_storage_bandwidth: 40 GB/s}
)",
                                     "folder/two.yaml");
  EXPECT_EQ(machine.name, "two");
  EXPECT_EQ(machine.ranks(), 8U);
  EXPECT_EQ(machine.usable_bytes(), 79'000'000'000U);
  EXPECT_EQ(machine.node_of(), (std::vector<std::uint32_t>{0, 0, 0, 0, 1, 1, 1, 1}));
  EXPECT_DOUBLE_EQ(machine.cost.upload_bandwidth, 55e9);
  EXPECT_DOUBLE_EQ(machine.cost.node_storage_bandwidth.value(), 40e9);
  EXPECT_DOUBLE_EQ(machine.cost.link_bandwidth, CostModel{}.link_bandwidth);
}

TEST(ParseMachine, SaysWhereAMistakeIsAndSuggestsAKey) {
  struct Case {
    char const* text;
    char const* expected;
  };
  for (auto const& [text, expected] : {
           Case{"machine:\n  device_memori: 80 GB\n",
                "m.yaml:2:3: unknown key `machine.device_memori`; did you mean "
                "`machine.device_memory`?"},
           {"machine: {device_memory: 80 GB}\ncost: {uplod_bandwidth: 1 GB/s}\n",
            "m.yaml:2:8: unknown key `cost.uplod_bandwidth`; did you mean `cost.upload_bandwidth`?"},
           {"machin: {}\n", "m.yaml:1:1: unknown section `machin`; did you mean `machine`?"},
           {"load: {staging: 64 MiB}\n", "unknown section `load`"},
           {"machine: {device_memory: 80 GB, nodes: 0}\n", "m.yaml:1:40: `machine.nodes`"},
           {"machine: {nodes: 1, nodes: 2}\n", "duplicate key `machine.nodes`"},
           {"machine: {nodes: 1}\n", "`machine.device_memory` is missing"},
           {"machine: {device_memory: 1 GiB}\n", "`machine.device_reserve` must be less"},
           {"- a\n", "a machine is a map of sections"},
       }) {
    EXPECT_NE(error_of_machine(text).find(expected), std::string::npos)
        << error_of_machine(text) << "\nexpected: " << expected;
  }
}

TEST(FindMachine, FindsThoseOfTheFolderByName) {
  auto const names = machine_names();
  ASSERT_GE(names.size(), 4U);
  for (auto const& name : names) {
    auto const machine = find_machine(name);
    EXPECT_EQ(machine.name, name);
    EXPECT_GT(machine.usable_bytes(), 0U);
  }
  EXPECT_EQ(find_machine("8xh100").ranks(), 8U);
  EXPECT_EQ(find_machine("16x8xh200").nodes, 16U);
}

TEST(FindMachine, ListsTheNamesIfThereIsNoneOfThisName) {
  auto const message = thrown_message<UsageError>([] { find_machine("8xh10"); });
  EXPECT_NE(message.find("`8xh100`"), std::string::npos) << message;
  EXPECT_NE(message.find("1xh100"), std::string::npos) << message;
  EXPECT_THROW(find_machine("./none.yaml"), ConfigError);
}

}  // namespace
}  // namespace distload
