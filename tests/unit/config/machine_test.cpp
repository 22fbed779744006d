// Files of machines, and what is said about their mistakes.
#include "config/machine.hpp"

#include <cstdlib>

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
           {"machine: {device_memory: 80 GB, device: disk}\n", "`machine.device` is neither gpu nor host"},
           {"machine: {device_memory: 1 GiB}\n", "`machine.device_reserve` must be less"},
           {"- a\n", "a machine is a map of sections"},
       }) {
    EXPECT_NE(error_of_machine(text).find(expected), std::string::npos)
        << error_of_machine(text) << "\nexpected: " << expected;
  }
}

TEST(MachineText, GivesTheMachineBackWhenParsed) {
  Machine machine;
  machine.on_host = true;
  machine.nodes = 2;
  machine.devices_per_node = 4;
  machine.device_memory = 5'123'456'789;
  machine.device_reserve = 0;
  machine.measured = "2026-11-28T11:31:53Z on n1 by 8 ranks in /data/it's: #1";
  machine.cost.storage_bandwidth = 2.34e9;
  machine.cost.memory_bandwidth = 0.3141e9;
  machine.cost.save_latency_seconds = 0.0123;
  machine.cost.link_latency_seconds = 4.321e-6;
  machine.cost.start_seconds = 0.25;
  auto const text = machine_text(machine);
  auto const parsed = parse_machine(text, "machine.yaml");
  EXPECT_TRUE(parsed.on_host) << text;
  EXPECT_EQ(parsed.ranks(), 8U);
  EXPECT_EQ(parsed.usable_bytes(), 5'123'456'789U);
  EXPECT_EQ(parsed.measured, machine.measured) << text;
  EXPECT_DOUBLE_EQ(parsed.cost.storage_bandwidth, 2.34e9) << text;
  EXPECT_DOUBLE_EQ(parsed.cost.memory_bandwidth, 0.3141e9);
  EXPECT_DOUBLE_EQ(parsed.cost.save_latency_seconds, 0.0123);
  EXPECT_DOUBLE_EQ(parsed.cost.link_latency_seconds, 4.321e-6);
  EXPECT_DOUBLE_EQ(parsed.cost.start_seconds, 0.25);
  EXPECT_DOUBLE_EQ(parsed.cost.upload_bandwidth, CostModel{}.upload_bandwidth) << "calibrate does not measure it";
}

TEST(UserMachine, IsInTheFolderOfConfigurations) {
  ASSERT_EQ(setenv("XDG_CONFIG_HOME", "/config", 1), 0);
  EXPECT_EQ(user_machine_path(), "/config/distload/machine.yaml");
  ASSERT_EQ(setenv("HOME", "/home/me", 1), 0);
  ASSERT_EQ(setenv("XDG_CONFIG_HOME", "relative", 1), 0);
  EXPECT_EQ(user_machine_path(), "/home/me/.config/distload/machine.yaml");
  ASSERT_EQ(unsetenv("XDG_CONFIG_HOME"), 0);
  EXPECT_EQ(user_machine_path(), "/home/me/.config/distload/machine.yaml");
  ASSERT_EQ(unsetenv("HOME"), 0);
  EXPECT_EQ(user_machine_path(), "");
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
