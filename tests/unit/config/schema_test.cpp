// The table of keys, and config/reference.yaml held against it.
#include "config/schema.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include <distload/config/parse_config.hpp>

namespace distload {
namespace {

TEST(Schema, NamesEveryKeyOnce) {
  std::set<std::string> names;
  for (auto const& key : config_keys()) {
    EXPECT_TRUE(names.insert(key.name).second) << key.name;
    EXPECT_EQ(find_config_key(key.name), &key);
    EXPECT_TRUE(is_config_section(key.name.substr(0, key.name.find('.'))));
  }
  EXPECT_EQ(find_config_key("load"), nullptr);
  EXPECT_FALSE(is_config_section("load.engine"));
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
  EXPECT_EQ(find_config_key("cost.storage_latency")->print(Config{}), "100 us");
}

TEST(Schema, ReachesTheMemberOfItsName) {
  Config config;
  find_config_key("runtime.threads")->set(config, "3");
  find_config_key("save.keep")->set(config, "2");
  find_config_key("cost.link_latency")->set(config, "9 us");
  EXPECT_EQ(config.runtime.threads, 3U);
  ASSERT_TRUE(config.save);
  EXPECT_EQ(config.save->keep, 2U);
  EXPECT_DOUBLE_EQ(config.cost.link_latency_seconds, 9e-6);
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

TEST(Reference, SaysWhatEveryKeyDoes) {
  auto const text = read_config_text(std::string(DISTLOAD_SOURCE_CONFIG_DIR) + "/reference.yaml");
  for (std::size_t begin = 0; begin < text.size(); begin = text.find('\n', begin) + 1) {
    auto const line = text.substr(begin, text.find('\n', begin) - begin);
    if (!line.starts_with("  ")) continue;
    EXPECT_NE(line.find(" # "), std::string::npos) << line;
  }
}

TEST(Examples, AreGoodConfigurations) {
  for (auto const& entry : std::filesystem::directory_iterator(std::string(DISTLOAD_SOURCE_CONFIG_DIR) + "/examples")) {
    EXPECT_NO_THROW(parse_config(read_config_text(entry.path()), entry.path(), {})) << entry.path();
  }
}

}  // namespace
}  // namespace distload
