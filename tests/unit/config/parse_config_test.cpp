// YAML, overrides and environment, and what is said about mistakes.
#include <distload/config/parse_config.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <distload/base/error.hpp>

#include "config/schema.hpp"

namespace distload {
namespace {

Config parse(std::string const& text, std::vector<Setting> const& overrides = {}) { return parse_config(text, "c.yaml", overrides); }

std::string error_of(std::string const& text, std::vector<Setting> const& overrides = {}) {
  try {
    parse(text, overrides);
  } catch (ConfigError const& error) {
    return error.what();
  }
  return "no error";
}

std::string print(Config const& config, std::string const& key) { return find_config_key(key)->print(config); }

TEST(ParseConfig, SetsWhatTheFileSaysAndKeepsTheDefaultsOtherwise) {
  auto const config = parse(R"(
checkpoint: {path: dir, step: 7}
topology: {tensor_parallel: 4}
load:
  engine: collective
  staging: 128 MiB
  memory_limit: 2 GiB
  hints: {romio_cb_read: enable, cb_nodes: 4}
save: {directory: out, tensor_parallel: 8}
runtime: {timeout: 90 s}
)");
  EXPECT_EQ(config.checkpoint.path, "dir");
  EXPECT_EQ(config.checkpoint.step, 7U);
  EXPECT_EQ(config.topology.tensor_parallel, 4U);
  EXPECT_EQ(config.topology.data_parallel, std::nullopt);
  EXPECT_EQ(config.load.engine, "collective");
  EXPECT_EQ(config.load.staging, 128 * kMiB);
  EXPECT_EQ(config.load.memory_limit, 2 * kGiB);
  EXPECT_EQ(config.load.hints, (std::map<std::string, std::string>{{"cb_nodes", "4"}, {"romio_cb_read", "enable"}}));
  ASSERT_TRUE(config.save);
  EXPECT_EQ(config.save->tensor_parallel, 8U);
  EXPECT_EQ(config.runtime.timeout, std::chrono::seconds(90));
  EXPECT_TRUE(config.load.verify);
}

TEST(ParseConfig, TakesTheLastOverrideAboveTheFile) {
  std::vector<Setting> const overrides{{"load.engine", "collective", "environment DISTLOAD_LOAD_ENGINE"},
                                       parse_setting("load.engine=buffered"),
                                       parse_setting("load.hints.cb_nodes=2"),
                                       parse_setting("save.directory=here")};
  auto const config = parse("checkpoint: {path: p}\nload: {engine: auto}\n", overrides);
  EXPECT_EQ(config.load.engine, "buffered");
  EXPECT_EQ(config.load.hints.at("cb_nodes"), "2");
  ASSERT_TRUE(config.save);
  EXPECT_EQ(config.save->directory, "here");
}

TEST(ParseConfig, PointsAtMistakesWithLineColumnAndCaret) {
  EXPECT_EQ(error_of("checkpoint: {path: p}\nload:\n  engin: auto\n"),
            "c.yaml:3:3: unknown key `load.engin`; did you mean `load.engine`?\n  engin: auto\n  ^");
  EXPECT_EQ(error_of("chekpoint: {path: p}\n"), "c.yaml:1:1: unknown section `chekpoint`; did you mean `checkpoint`?\nchekpoint: {path: p}\n^");
}

TEST(ParseConfig, RefusesWhatIsNoConfiguration) {
  struct Case {
    char const* text;
    char const* expected;  ///< part of the message
  };
  for (auto const& [text, expected] : std::vector<Case>{
           {"load: {engine: auto, engine: buffered}", "c.yaml:1:22: duplicate key `load.engine`"},
           {"load: {}\nload: {}", "c.yaml:2:1: duplicate key `load`"},
           {"load: {verify: perhaps}", "`load.verify` must be true or false, not 'perhaps'"},
           {"load: {staging: 99999999999999999999 GiB}", "`load.staging` must be a size below 16 EiB"},
           {"load: {staging: 1 MiB}", "`load.staging` must be at least 16 MiB"},
           {"load: {staging: -5}", "`load.staging` must be a size"},
           {"load: {staging: [1, 2]}", "`load.staging` must be a single value"},
           {"load: {engine: direct}", "`load.engine` 'direct' is not available in this version"},
           {"load: {engine: bufered}", "did you mean 'buffered'?"},
           {"load: {hints: 3}", "`load.hints` is a map"},
           {"topology: {tensor_parallel: 0}", "`topology.tensor_parallel` must be at least 1"},
           {"topology: {tensor_parallel: 4294967297}", "'4294967297' is too large"},
           {"topology: {tensor_parallel: 2.5}", "must be a whole number, not '2.5'"},
           {"topology: {tensor_parallel: 99999999999999999999999}", "is too large"},
           {"save: {directory: d, alignment: 5000}", "power of two"},
           {"save: {directory: d, async: true}", "'true' is not available"},
           {"runtime: {timeout: 5}", "`runtime.timeout` must be a duration"},
           {"runtime: {timeout: 9999999999999 h}", "is too long"},
           {"cost: {link_bandwidth: 5 GiB}", "must be a rate"},
           {"load: 3", "`load` is a map of keys"},
           {"[1, 2]", "a configuration is a map of sections"},
           {"{[1]: 2}", "a key must be a word"},
           {"a: [unclosed", "c.yaml:"},
           {"a: b\n--- \nc: d", "more than one YAML document"},
           {"", "`checkpoint.path` is missing"},
           {"checkpoint: {path: ''}", "must not be empty"},
           {"checkpoint: {path: p}\nsave: {keep: 2}", "`save.directory` is missing"},
       }) {
    EXPECT_NE(error_of(text).find(expected), std::string::npos) << text << "\ngave: " << error_of(text);
  }
}

TEST(ParseConfig, SurvivesHostileText) {
  EXPECT_NE(error_of(std::string(100000, '[')), "no error");
  EXPECT_NE(error_of(std::string("load: {engine: \"a\\0b\"}")), "no error");
  EXPECT_NE(error_of("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nload: *c\n"), "no error");
  EXPECT_NE(error_of(std::string(1000, '\t')), "no error");
}

TEST(ParseConfig, NamesTheOriginOfABadOverride) {
  EXPECT_EQ(error_of("checkpoint: {path: p}", {parse_setting("load.engin=auto")}),
            "--set load.engin=auto: unknown key `load.engin`; did you mean `load.engine`?");
  EXPECT_EQ(error_of("checkpoint: {path: p}", {{"load.verify", "x", "environment DISTLOAD_LOAD_VERIFY"}}),
            "environment DISTLOAD_LOAD_VERIFY: `load.verify` must be true or false, not 'x'");
  EXPECT_THROW(parse_setting("load.engine"), ConfigError);
}

TEST(EnvironmentSettings, FindKeysByTheirVariableAndRefuseOthers) {
  std::vector<char const*> const environment{"PATH=/bin", "DISTLOAD_LOAD_MEMORY_LIMIT=1 GiB", "DISTLOAD_FAULT=read:1", "DISTLOAD=/x", nullptr};
  auto const settings = environment_settings(environment.data());
  ASSERT_EQ(settings.size(), 1U);
  EXPECT_EQ(settings[0].key, "load.memory_limit");
  EXPECT_EQ(settings[0].value, "1 GiB");

  std::vector<char const*> const wrong{"DISTLOAD_LOAD_ENGIN=auto", nullptr};
  try {
    environment_settings(wrong.data());
    FAIL();
  } catch (ConfigError const& error) {
    EXPECT_STREQ(error.what(), "environment DISTLOAD_LOAD_ENGIN: no key has this name; did you mean `load.engine`?");
  }
}

TEST(ReadConfigText, RefusesWhatIsNotThereOrTooLarge) {
  EXPECT_THROW(read_config_text("/no/such/file.yaml"), ConfigError);
  EXPECT_THROW(read_config_text("/"), ConfigError);
  auto const path = std::filesystem::temp_directory_path() / "distload-large.yaml";
  std::ofstream(path) << std::string(kMiB + 1, '#');
  EXPECT_THROW(read_config_text(path), ConfigError);
  std::filesystem::remove(path);
}

TEST(Reference, ListsEveryKeyWithItsDefault) {
  auto const text = read_config_text(std::string(DISTLOAD_SOURCE_CONFIG_DIR) + "/reference.yaml");
  auto const reference = parse_config(text, "reference.yaml", {});
  Config defaults;
  defaults.checkpoint.path = "...";
  defaults.save.emplace().directory = "...";
  for (auto const& key : config_keys()) {
    EXPECT_EQ(key.print(reference), key.print(defaults)) << key.name;
    auto const name = key.name.substr(key.name.find('.') + 1);
    EXPECT_NE(text.find("\n  " + name + ": "), std::string::npos) << key.name << " is not in config/reference.yaml";
  }
  EXPECT_EQ(reference.load.hints, defaults.load.hints);
}

TEST(Examples, AreGoodConfigurations) {
  for (auto const& entry : std::filesystem::directory_iterator(std::string(DISTLOAD_SOURCE_CONFIG_DIR) + "/examples")) {
    EXPECT_NO_THROW(parse_config(read_config_text(entry.path()), entry.path(), {})) << entry.path();
  }
}

TEST(Schema, PrintsWhatItParses) {
  for (auto const& key : config_keys()) {
    Config config;
    config.save.emplace();
    auto const text = key.print(config);
    if (text.empty()) continue;
    key.set(config, text);
    EXPECT_EQ(key.print(config), text) << key.name;
  }
  EXPECT_EQ(print(Config{}, "cost.storage_latency"), "100 us");
}

}  // namespace
}  // namespace distload
