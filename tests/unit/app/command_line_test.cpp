// The program's options.
#include "app/command_line.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <distload/base/error.hpp>

#include "app/agree_on_config.hpp"
#include "config/schema.hpp"

namespace distload {
namespace {

std::optional<CommandLine> parse(std::vector<char const*> arguments) {
  arguments.insert(arguments.begin(), "distload");
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

TEST(CommandLine, TakesAllOptions) {
  auto const line = parse({"--dry-run", "--set", "load.engine=buffered", "--set", "load.verify=false", "--report",
                           "r.json", "--progress", "line", "c.yaml"});
  ASSERT_TRUE(line);
  EXPECT_EQ(line->config, "c.yaml");
  EXPECT_TRUE(line->dry_run);
  EXPECT_EQ(line->settings, (std::vector<std::string>{"load.engine=buffered", "load.verify=false"}));
  ASSERT_EQ(line->short_forms.size(), 2U);
  EXPECT_EQ(line->short_forms[0].key, "report.json");
  EXPECT_EQ(line->short_forms[0].value, "r.json");
  EXPECT_EQ(line->short_forms[1].key, "report.progress");
  EXPECT_EQ(line->short_forms[1].origin, "--progress line");
}

TEST(CommandLine, HasShortFormsOfKeys) {
  for (auto const& [option, key] :
       {std::pair{"--tp", "topology.tensor_parallel"}, std::pair{"--tensor-parallel", "topology.tensor_parallel"},
        std::pair{"--pp", "topology.pipeline_parallel"}, std::pair{"--dp", "topology.data_parallel"},
        std::pair{"--ep", "topology.expert_parallel"}, std::pair{"--out", "save.directory"},
        std::pair{"-o", "save.directory"}, std::pair{"--engine", "load.engine"}}) {
    auto const line = parse({"model", option, "4"});
    ASSERT_TRUE(line && line->short_forms.size() == 1) << option;
    EXPECT_EQ(line->short_forms[0].key, key);
    EXPECT_EQ(line->short_forms[0].value, "4");
    EXPECT_NE(find_config_key(key), nullptr) << key;
  }
}

TEST(CommandLine, TakesOptionsBehindTheConfigAsWell) {
  auto const line = parse({"c.yaml", "--set", "load.engine=buffered", "--dry-run"});
  ASSERT_TRUE(line);
  EXPECT_EQ(line->config, "c.yaml");
  EXPECT_TRUE(line->dry_run);
}

TEST(CommandLine, TakesAMachineForADryRunOnly) {
  auto const line = parse({"--dry-run", "--rows", "--machine", "8xh100", "c.yaml"});
  ASSERT_TRUE(line);
  EXPECT_TRUE(line->rows);
  EXPECT_EQ(line->machine, "8xh100");
  EXPECT_THROW(parse({"--machine", "8xh100", "c.yaml"}), UsageError);
  EXPECT_THROW(parse({"--rows", "c.yaml"}), UsageError);
}

TEST(CommandLine, TakesATopologyToRedistributeTo) {
  auto const line =
      parse({"c.yaml", "--in-place", "--redistribute",
             "tensor_parallel=2,data_parallel=3,pipeline_parallel=2,pipeline_layers=20:28,expert_parallel=6"});
  ASSERT_TRUE(line && line->redistribute);
  EXPECT_TRUE(line->in_place);
  EXPECT_EQ(line->redistribute->topology(12), (Topology{2, 2, 3, 6}));
  EXPECT_EQ(line->redistribute->pipeline_layers, (std::vector<std::uint32_t>{20, 28}));
  EXPECT_EQ(parse({"c.yaml", "--redistribute", "pipeline_parallel=2"})->redistribute->topology(4), (Topology{2, 2, 1}));
  EXPECT_THROW(static_cast<void>(line->redistribute->topology(8)), ConfigError);
}

TEST(CommandLine, RefusesOtherTopologies) {
  for (auto const* text :
       {"", "tensor_parallel", "tensor_parallel=", "tensor_parallel=0", "tensor_parallel=x",
        "tensor_parallel=2,tensor_parallel=2", "ranks=2", "pipeline_layers=2,3", "tensor_parallel=2,"}) {
    EXPECT_THROW(parse({"c.yaml", "--redistribute", text}), UsageError) << text;
  }
  EXPECT_THROW(parse({"c.yaml", "--in-place"}), UsageError);
}

TEST(CommandLine, GivesNothingForHelpAndVersion) {
  for (auto const* option : {"--help", "--version"}) EXPECT_FALSE(parse({option})) << option;
}

TEST(CommandLine, RefusesWhatItDoesNotKnow) {
  for (auto const& arguments :
       std::vector<std::vector<char const*>>{{"--frobnicate", "c.yaml"}, {"a.yaml", "b.yaml"}, {"c.yaml", "--set"}}) {
    EXPECT_THROW(parse(arguments), UsageError);
  }
}

TEST(CommandLine, NamesTheMistakeAndHowToGetHelp) {
  struct Case {
    std::vector<char const*> arguments;
    char const* expected;  ///< part of the message
  };
  for (auto const& [arguments, expected] : std::vector<Case>{
           {{"--frobnicate"}, "--frobnicate"},
           {{"--set"}, "--set"},
           {{"a.yaml", "b.yaml"}, "b.yaml"},
           {{"--progress", "sometimes"}, "sometimes"},
       }) {
    try {
      parse(arguments);
      ADD_FAILURE() << expected;
    } catch (UsageError const& error) {
      EXPECT_NE(std::string(error.what()).find(expected), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find("distload --help"), std::string::npos) << error.what();
    }
  }
}

TEST(CommandLine, LeavesValuesAsTheyAre) {
  auto const line = parse({"--set", "load.hints.a=[1,2]", "--set=report.json=a b,c", "c.yaml"});
  ASSERT_TRUE(line);
  EXPECT_EQ(line->settings, (std::vector<std::string>{"load.hints.a=[1,2]", "report.json=a b,c"}));
}

TEST(ConfigurationOf, NeedsACheckpoint) {
  EXPECT_THROW(configuration_of({}, {}), UsageError);
  CommandLine line;
  line.settings = {"checkpoint.path=model"};
  EXPECT_EQ(configuration_of(line, {}).checkpoint.path, "model");
}

TEST(ConfigurationOf, TakesWhatIsNoConfigurationForACheckpoint) {
  CommandLine line;
  for (auto const* path :
       {"/tmp", "model.safetensors", "step.h5", "model.safetensors.index.json", "meta-llama/Llama"}) {
    line.config = path;
    EXPECT_EQ(configuration_of(line, {}).checkpoint.path, path);
  }
  auto const weights = std::filesystem::temp_directory_path() / "command_line_test.gguf";
  std::ofstream(weights, std::ios::binary) << std::string("GGUF\3\0\0\0", 8);
  line.config = weights;
  EXPECT_EQ(configuration_of(line, {}).checkpoint.path, weights);
  std::filesystem::remove(weights);
  line.config = "not-there.yaml";
  EXPECT_THROW(configuration_of(line, {}), ConfigError);
}

TEST(ConfigurationOf, PutsTheUsersFolderInFrontOfPaths) {
  auto const* const home = std::getenv("HOME");
  std::string const before = home == nullptr ? "" : home;
  setenv("HOME", "/home/me", 1);
  CommandLine line;
  line.settings = {"checkpoint.path=~/model", "save.directory=~/saved", "report.trace=~other/t"};
  line.short_forms = {{"report.json", "~/r.json", "--report ~/r.json"}};
  auto const config = configuration_of(line, {});
  setenv("HOME", before.c_str(), 1);
  EXPECT_EQ(config.checkpoint.path, "/home/me/model");
  EXPECT_EQ(config.save->directory, "/home/me/saved");
  EXPECT_EQ(config.report.json, "/home/me/r.json");
  EXPECT_EQ(config.report.trace, "~other/t");
}

}  // namespace
}  // namespace distload
