// Values from --set and the environment.
#include <gtest/gtest.h>

#include <distload/base/error.hpp>
#include <distload/config/parse_config.hpp>

#include "config/apply_setting.hpp"
#include "config/schema.hpp"
#include "support/thrown_message.hpp"

namespace distload {
namespace {

template <class Action>
std::string error_of(Action action) {
  return thrown_message<ConfigError>(action);
}

std::string error_of_setting(Setting const& setting) {
  return error_of([&] {
    Config config;
    apply_setting(setting, config);
  });
}

std::string error_of_variable(char const* entry) {
  return error_of([&] {
    std::vector<char const*> const environment{entry, nullptr};
    environment_settings(environment.data());
  });
}

TEST(ParseSetting, SplitsAtTheFirstEqualsSign) {
  auto const setting = parse_setting("load.hints.a=b=c");
  EXPECT_EQ(setting.key, "load.hints.a");
  EXPECT_EQ(setting.value, "b=c");
  EXPECT_EQ(setting.origin, "--set load.hints.a=b=c");
  EXPECT_EQ(parse_setting("report.json=").value, "");
  EXPECT_THROW(parse_setting("load.engine"), ConfigError);
  EXPECT_THROW(parse_setting("=auto"), ConfigError);
  EXPECT_THROW(parse_setting(""), ConfigError);
}

TEST(ApplySetting, NamesTheOriginOfAMistake) {
  struct Case {
    char const* text;
    char const* expected;
  };
  for (auto const& [text, expected] : std::vector<Case>{
           {"load.engin=auto", "--set load.engin=auto: unknown key `load.engin`; did you mean `load.engine`?"},
           {"engine=auto", "--set engine=auto: unknown key `engine`; did you mean `load.engine`?"},
           {"load=auto", "--set load=auto: `load` is a section, not a key"},
           {"load.hints=x", "--set load.hints=x: `load.hints` is a map: set load.hints.NAME"},
           {"load.hints.=x", "--set load.hints.=x: `load.hints.` must not be empty"},
           {"load.verify=x", "--set load.verify=x: `load.verify` must be true or false, not 'x'"},
           {"load.verify=", "--set load.verify=: `load.verify` must be true or false, not ''"},
       }) {
    EXPECT_EQ(error_of_setting(parse_setting(text)), expected);
  }
  EXPECT_EQ(error_of_setting({"load.verify", "x", "environment variable DISTLOAD_LOAD_VERIFY"}),
            "environment variable DISTLOAD_LOAD_VERIFY: `load.verify` must be true or false, not 'x'");
  EXPECT_LT(error_of_setting(parse_setting(std::string(1'000'000, 'x') + "=1")).size(), 500U);
}

TEST(EnvironmentSettings, FindKeysByTheirVariable) {
  std::vector<char const*> const environment{
      "PATH=/bin", "DISTLOAD_LOAD_MEMORY_LIMIT=1 GiB", "DISTLOAD_FAULT=read:1", "DISTLOAD=/x", "DISTLOAD_REPORT_JSON=",
      nullptr};
  auto const settings = environment_settings(environment.data());
  ASSERT_EQ(settings.size(), 2U);
  EXPECT_EQ(settings[0].key, "load.memory_limit");
  EXPECT_EQ(settings[0].value, "1 GiB");
  EXPECT_EQ(settings[1].key, "report.json");
  EXPECT_EQ(settings[1].value, "");
}

TEST(EnvironmentSettings, RefuseOtherVariables) {
  EXPECT_EQ(error_of_variable("DISTLOAD_LOAD_ENGIN=auto"),
            "environment variable DISTLOAD_LOAD_ENGIN: no key has this name; did you mean `DISTLOAD_LOAD_ENGINE`?");
  EXPECT_EQ(error_of_variable("DISTLOAD_=1"), "environment variable DISTLOAD_: no key has this name");
  EXPECT_NE(error_of_variable("DISTLOAD_LOAD"), "");
}

TEST(EnvironmentSettings, CanSetEveryKey) {
  for (auto const& key : config_keys()) {
    std::string name = "DISTLOAD_";
    for (auto const character : key.name)
      name += character == '.' ? '_' : static_cast<char>(character >= 'a' ? character - 32 : character);
    auto const entry = name + "=x";
    std::vector<char const*> const environment{entry.c_str(), nullptr};
    ASSERT_EQ(environment_settings(environment.data()).size(), 1U) << name;
    EXPECT_EQ(environment_settings(environment.data())[0].key, key.name);
  }
}

}  // namespace
}  // namespace distload
