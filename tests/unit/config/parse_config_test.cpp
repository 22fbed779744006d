// What a file can say, and what is said about its mistakes.
#include <distload/config/parse_config.hpp>

#include <gtest/gtest.h>

#include <random>
#include <string_view>

#include <distload/base/error.hpp>

#include "support/thrown_message.hpp"

namespace distload {
namespace {

Config parse(std::string const& text, std::vector<Setting> const& overrides = {}) {
  return parse_config(text, "c.yaml", overrides);
}

std::string error_of_text(std::string const& text, std::vector<Setting> const& overrides = {}) {
  return thrown_message<ConfigError>([&] { parse(text, overrides); });
}

std::string repeat(std::string const& piece, std::size_t count) {
  std::string text;
  for (; count > 0; --count) text += piece;
  return text;
}

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
  EXPECT_EQ(config.load.engine, ReadEngine::collective);
  EXPECT_EQ(config.load.staging, 128 * kMiB);
  EXPECT_EQ(config.load.memory_limit, 2 * kGiB);
  EXPECT_EQ(config.load.hints, (std::map<std::string, std::string>{{"cb_nodes", "4"}, {"romio_cb_read", "enable"}}));
  ASSERT_TRUE(config.save);
  EXPECT_EQ(config.save->tensor_parallel, 8U);
  EXPECT_EQ(config.runtime.timeout, std::chrono::seconds(90));
  EXPECT_TRUE(config.load.verify);
}

TEST(ParseConfig, TakesTheLastOverrideAboveTheFile) {
  std::vector<Setting> const overrides{{"load.engine", "collective", "environment variable DISTLOAD_LOAD_ENGINE"},
                                       parse_setting("load.engine=buffered"),
                                       parse_setting("load.hints.cb_nodes=2"),
                                       parse_setting("save.directory=here")};
  auto const config = parse("checkpoint: {path: p}\nload: {engine: auto}\n", overrides);
  EXPECT_EQ(config.load.engine, ReadEngine::buffered);
  EXPECT_EQ(config.load.hints.at("cb_nodes"), "2");
  ASSERT_TRUE(config.save);
  EXPECT_EQ(config.save->directory, "here");
}

TEST(ParseConfig, TakesListsFromFileAndSetting) {
  using Layers = std::vector<std::uint32_t>;
  auto const from = [](std::string const& value) {
    return parse("checkpoint: {path: p}\ntopology: {pipeline_layers: " + value + "}\n").topology.pipeline_layers;
  };
  EXPECT_EQ(from("[20, 28]"), (Layers{20, 28}));
  EXPECT_EQ(from("48"), Layers{48});
  EXPECT_EQ(from("auto"), Layers{});
  std::vector<Setting> const overrides{parse_setting("topology.pipeline_layers=[3, 4]")};
  EXPECT_EQ(parse("checkpoint: {path: p}\n", overrides).topology.pipeline_layers, (Layers{3, 4}));
}

TEST(ParseConfig, PointsAtMistakesWithLineColumnAndCaret) {
  EXPECT_EQ(error_of_text("checkpoint: {path: p}\nload:\n  engin: auto\n"),
            "c.yaml:3:3: unknown key `load.engin`; did you mean `load.engine`?\n  engin: auto\n  ^");
  EXPECT_EQ(error_of_text("chekpoint: {path: p}\n"),
            "c.yaml:1:1: unknown section `chekpoint`; did you mean `checkpoint`?\nchekpoint: {path: p}\n^");
}

TEST(ParseConfig, KnowsWhereAMisplacedKeyBelongs) {
  EXPECT_NE(error_of_text("engine: auto").find("unknown section `engine`; did you mean `load.engine`?"),
            std::string::npos);
  EXPECT_NE(error_of_text("model: {json: x}").find("unknown key `model.json`; did you mean `report.json`?"),
            std::string::npos);
  EXPECT_NE(error_of_text("load: {hint: {}}").find("did you mean `load.hints`?"), std::string::npos);
}

TEST(ParseConfig, TakesAnEmptySectionForOneThatIsNotThere) {
  auto const config = parse("checkpoint: {path: p}\nload:\n");
  EXPECT_FALSE(config.save);
}

TEST(ParseConfig, AsksAnEmptySaveForItsFolder) {
  for (auto const* save : {"save:\n", "save: {}\n"}) {
    try {
      parse(std::string("checkpoint: {path: p}\n") + save);
      ADD_FAILURE() << save;
    } catch (ConfigError const& error) {
      EXPECT_NE(std::string(error.what()).find("`save.directory` is missing"), std::string::npos) << error.what();
    }
  }
}

TEST(ParseConfig, RefusesWhatIsNoConfiguration) {
  struct Case {
    char const* text;
    char const* expected;  ///< part of the message
  };
  for (auto const& [text, expected] : std::vector<Case>{
           {"load: {engine: auto, engine: buffered}", "c.yaml:1:22: duplicate key `load.engine`"},
           {"load: {}\nload: {}", "c.yaml:2:1: duplicate key `load`"},
           {"topology: {pipeline_layers: [4, 0]}", "c.yaml:1:29: `topology.pipeline_layers` must be at least 1"},
           {"topology: {pipeline_layers: []}", "`topology.pipeline_layers` must be a list such as [1, 2], not '[]'"},
           {"topology: {pipeline_layers: [4, [5]]}", "`topology.pipeline_layers` must be a single value"},
           {"load: {verify: perhaps}", "`load.verify` must be true or false, not 'perhaps'"},
           {"load: {staging: 99999999999999999999 GiB}", "`load.staging` must be a size below 16 EiB"},
           {"load: {staging: 1 MiB}", "`load.staging` must be at least 16 MiB"},
           {"load: {staging: 8000000 TiB}", "`load.staging` must be at most 1 TiB"},
           {"load: {staging: -5}", "`load.staging` must be a size"},
           {"load: {staging: [1, 2]}", "`load.staging` must be a single value"},
           {"load: {prefetch: 65}", "must be at most 64"},
           {"load: {engine: bufered}", "did you mean `buffered`?"},
           {"load: {engine: }", "`load.engine` has no value"},
           {"load: {hints: 3}", "`load.hints` is a map"},
           {"load: {hints: {a: [1]}}", "`load.hints.a` must be a single value"},
           {"load: {hints: {\"a\\0b\": 1}}", "must not hold a NUL character"},
           {"load: {hints: {a: 1, a: 2}}", "c.yaml:1:22: duplicate key `load.hints.a`"},
           {"save: {directory: d, tensor_parallel: 4000000000}", "`save.tensor_parallel` must be at most 1048576"},
           {"runtime: {threads: 5000}", "`runtime.threads` must be at most 512"},
           {"topology: {tensor_parallel: 0}", "`topology.tensor_parallel` must be at least 1"},
           {"topology: {tensor_parallel: 4294967297}", "'4294967297' is too large"},
           {"topology: {tensor_parallel: 2.5}", "must be a whole number, not '2.5'"},
           {"topology: {tensor_parallel: 99999999999999999999999}", "is too large"},
           {"save: {directory: d, alignment: 5000}", "power of two from 4 KiB to 1 GiB"},
           {"save: {directory: d, alignment: 8388608 TiB}", "power of two from 4 KiB to 1 GiB"},
           {"save: {directory: d, shard_size: 10}", "`save.shard_size` must be from 1 MB to 1 TiB"},
           {"save: {directory: d, engine: mmap}", "save.engine"},
           {"save: {directory: d, verify: true}", "save.verify"},
           {"runtime: {timeout: 5}", "`runtime.timeout` must be a duration"},
           {"runtime: {timeout: 9999999999999 h}", "is too long"},
           {"cost: {link_bandwidth: 5 GiB}", "must be a rate"},
           {"load: 3", "`load` is a map of keys"},
           {"[1, 2]", "a configuration is a map of sections"},
           {"{[1]: 2}", "a key must be a word"},
           {"a: [unclosed", "c.yaml:"},
           {"a: b\n--- \nc: d", "c.yaml:2:1: not a part of the configuration, which is one YAML document"},
           {",", "c.yaml:1:1: not a part"},
           {",a: b", "c.yaml:1:1: not a part"},
           {"", "`checkpoint.path` is missing"},
           {"checkpoint: {path: ''}", "must not be empty"},
           {"checkpoint: {path: p}\nsave: {keep: 2}", "`save.directory` is missing"},
           {"checkpoint: {path: p}\nsave: {}", "`save.directory` is missing"},
           {"checkpoint: {path: p}\nsave: {directory: d, async: true, engine: collective}", "several threads"},
           {"checkpoint: {path: p}\nsave: {directory: d, async: true, stream: true}", "nothing is in memory"},
           {"checkpoint: {path: p}\nsave: {directory: d, format: safetensors, base: b}", "save.base"},
           {"checkpoint: {path: p}\nsave: {directory: d, format: safetensors, engine: collective}", "writes HDF5"},
       }) {
    EXPECT_NE(error_of_text(text).find(expected), std::string::npos) << text << "\ngave: " << error_of_text(text);
  }
}

TEST(ParseConfig, SurvivesHostileText) {
  for (auto const& text : std::vector<std::string>{
           std::string(100'000, '['),
           std::string(100'000, '{'),
           repeat("- ", 50'000),
           repeat("? ", 50'000),
           repeat("---\n", 50'000),
           "load: {" + std::string(500'000, 'x') + ": 1}",
           "load: {\"" + std::string(500'000, 'x') + "\": 1}",
           "load: {engine: " + std::string(500'000, 'x') + "}",
           "load: {engine: \"a\\0b\"}",
           "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nload: *c\n",
           "load: &a {hints: *a}",
           "a: *nowhere",
           "a: !" + std::string(100'000, '!'),
           ",",
           ", a",
           "- ,",
           "--- ,",
           std::string(1000, '\t'),
           std::string(1000, '\0'),
           "\xff\xfe\x00\xd8",
           "load: {engine: \"\x1b[31m\x07\"}",
       }) {
    auto const error = error_of_text(text);
    EXPECT_NE(error, "");
    EXPECT_LT(error.size(), 1000U);
    EXPECT_EQ(error.find_first_of(std::string("\x1b\x07\0", 3)), std::string::npos) << error;
  }
  EXPECT_NE(error_of_text(std::string(100'000, '[')).find("nested too deeply"), std::string::npos);
}

TEST(ParseConfig, TakesOrRefusesAnyDamagedTextWithoutOtherErrors) {
  auto const whole = std::string(
      "checkpoint: {path: p}\nload: &l\n  engine: auto\n  hints: {a: \"b\"}\nsave: {directory: 'd'}\n# end\n");
  constexpr std::string_view kPieces = "{}[]:,&*!|>'\"%@`#?-\n\t \\\x01\xc3\x80";
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    auto text = whole;
    for (auto count = random() % 4 + 1; count > 0; --count) {
      auto const position = random() % text.size();
      auto const piece = kPieces[random() % kPieces.size()];
      if (random() % 2 == 0) {
        text[position] = piece;
      } else {
        text.insert(position, 1, piece);
      }
    }
    try {
      parse(text);
    } catch (ConfigError const&) {
      // Refused as it should be; anything else ends the test.
    }
  }
}

}  // namespace
}  // namespace distload
