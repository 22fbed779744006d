// YAML to Config, with messages like a compiler's.
#include <distload/config/parse_config.hpp>

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <set>
#include <string_view>

#include <distload/base/error.hpp>

#include "config/scalar.hpp"
#include "config/schema.hpp"

namespace distload {
namespace {

constexpr Bytes kMaxConfigBytes = kMiB;

/// "a.yaml:3:8: message", the line, and a caret under the column. `mark` counts from 0.
[[noreturn]] void fail_at(YAML::Mark const& mark, std::string const& text, std::string const& file_name, std::string const& message) {
  if (mark.is_null()) throw ConfigError(file_name + ": " + message);
  auto const line_number = static_cast<std::size_t>(mark.line);
  auto const column = static_cast<std::size_t>(mark.column);
  std::size_t begin = 0;
  for (std::size_t line = 0; line < line_number && begin < text.size(); ++line) begin = std::min(text.find('\n', begin), text.size() - 1) + 1;
  auto const line = text.substr(begin, text.find('\n', begin) - begin);
  throw ConfigError(file_name + ":" + std::to_string(line_number + 1) + ":" + std::to_string(column + 1) + ": " + message + "\n" + line + "\n" +
                    std::string(column, ' ') + "^");
}

/// Walks over the sections and keys of a document and sets what they say.
class Reader {
 public:
  Reader(std::string const& text, std::string const& file_name) : text_(text), file_name_(file_name) {}

  Config read() {
    auto const document = parse();
    if (document.IsNull()) return std::move(config_);
    expect_map(document, "a configuration is a map of sections");
    for_each_entry(document, "", [&](std::string const& section, YAML::Node const& key, YAML::Node const& value) {
      auto const known = std::any_of(config_keys().begin(), config_keys().end(), [&](ConfigKey const& candidate) {
        return candidate.name.compare(0, section.size() + 1, section + ".") == 0;
      });
      if (!known) fail(key, "unknown section `" + section + "`" + suggest_config_key(section));
      read_section(section, value);
    });
    return std::move(config_);
  }

 private:
  YAML::Node parse() const {
    try {
      auto const documents = YAML::LoadAll(text_);
      if (documents.size() > 1) throw ConfigError(file_name_ + ": holds more than one YAML document");
      return documents.empty() ? YAML::Node() : documents.front();
    } catch (YAML::Exception const& error) {
      fail_at(error.mark, text_, file_name_, error.msg);
    }
  }

  void read_section(std::string const& section, YAML::Node const& node) {
    if (node.IsNull()) return;
    expect_map(node, "`" + section + "` is a map of keys");
    for_each_entry(node, section + ".", [&](std::string const& name, YAML::Node const& key, YAML::Node const& value) {
      if (name + "." == kHintsPrefix) {
        read_hints(value);
        return;
      }
      auto const* const known = find_config_key(name);
      if (known == nullptr) fail(key, "unknown key `" + name + "`" + suggest_config_key(name));
      if (!value.IsScalar()) fail(value, "`" + name + "` must be a single value");
      try {
        known->set(config_, value.Scalar());
      } catch (ScalarError const& error) {
        fail(value, "`" + name + "` " + error.what());
      }
    });
  }

  void read_hints(YAML::Node const& node) {
    if (node.IsNull()) return;
    expect_map(node, "`load.hints` is a map of MPI-IO hints");
    for_each_entry(node, std::string(kHintsPrefix), [&](std::string const& name, YAML::Node const&, YAML::Node const& value) {
      if (!value.IsScalar()) fail(value, "`" + name + "` must be a single value");
      config_.load.hints[name.substr(kHintsPrefix.size())] = value.Scalar();
    });
  }

  /// Calls `visit` with the full name of every entry of a map; refuses keys that are no words and keys that come twice, which yaml-cpp accepts.
  template <class Visit>
  void for_each_entry(YAML::Node const& map, std::string const& prefix, Visit visit) {
    std::set<std::string> seen;
    for (auto const& entry : map) {
      if (!entry.first.IsScalar()) fail(entry.first, "a key must be a word");
      auto const name = prefix + entry.first.Scalar();
      if (!seen.insert(name).second) fail(entry.first, "duplicate key `" + name + "`");
      visit(name, entry.first, entry.second);
    }
  }

  void expect_map(YAML::Node const& node, std::string const& expectation) const {
    if (!node.IsMap()) fail(node, expectation);
  }

  [[noreturn]] void fail(YAML::Node const& node, std::string const& message) const { fail_at(node.Mark(), text_, file_name_, message); }

  std::string const& text_;
  std::string const& file_name_;
  Config config_;
};

void apply(Setting const& setting, Config& config) {
  if (setting.key.compare(0, kHintsPrefix.size(), kHintsPrefix) == 0 && setting.key.size() > kHintsPrefix.size()) {
    config.load.hints[setting.key.substr(kHintsPrefix.size())] = setting.value;
    return;
  }
  auto const* const known = find_config_key(setting.key);
  if (known == nullptr) throw ConfigError(setting.origin + ": unknown key `" + setting.key + "`" + suggest_config_key(setting.key));
  try {
    known->set(config, setting.value);
  } catch (ScalarError const& error) {
    throw ConfigError(setting.origin + ": `" + setting.key + "` " + error.what());
  }
}

/// DISTLOAD_LOAD_ENGINE for load.engine.
std::string variable_of(std::string_view key) {
  std::string name = "DISTLOAD_";
  for (auto const character : key) name += character == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(character)));
  return name;
}

}  // namespace

std::string read_config_text(std::string const& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw ConfigError("cannot open the configuration " + path);
  std::string text(kMaxConfigBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof())) throw ConfigError("cannot read the configuration " + path);
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxConfigBytes) throw ConfigError(path + " is larger than " + format_bytes(kMaxConfigBytes));
  return text;
}

std::vector<Setting> environment_settings(char const* const* environment) {
  std::vector<Setting> settings;
  for (; *environment != nullptr; ++environment) {
    std::string_view const entry = *environment;
    auto const name = entry.substr(0, entry.find('='));
    if (name.substr(0, 9) != "DISTLOAD_" || name == "DISTLOAD_FAULT") continue;
    auto const keys = config_keys();
    auto const key = std::find_if(keys.begin(), keys.end(), [&](ConfigKey const& candidate) { return variable_of(candidate.name) == name; });
    auto const origin = "environment " + std::string(name);
    if (key == keys.end()) {
      std::string guess(name.substr(9));
      std::transform(guess.begin(), guess.end(), guess.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      std::replace(guess.begin(), std::find(guess.begin(), guess.end(), '_') + (guess.find('_') != std::string::npos ? 1 : 0), '_', '.');
      throw ConfigError(origin + ": no key has this name" + suggest_config_key(guess));
    }
    settings.push_back({key->name, std::string(entry.substr(std::min(name.size() + 1, entry.size()))), origin});
  }
  return settings;
}

Setting parse_setting(std::string const& text) {
  auto const equals = text.find('=');
  if (equals == std::string::npos || equals == 0) throw ConfigError("--set " + text + ": must be KEY=VALUE, such as load.engine=buffered");
  return {text.substr(0, equals), text.substr(equals + 1), "--set " + text};
}

Config parse_config(std::string const& text, std::string const& file_name, std::span<Setting const> overrides) {
  auto config = Reader(text, file_name).read();
  for (auto const& setting : overrides) apply(setting, config);
  if (config.checkpoint.path.empty()) throw ConfigError(file_name + ": `checkpoint.path` is missing: which checkpoint is to be loaded?");
  if (config.save && config.save->directory.empty()) throw ConfigError(file_name + ": `save.directory` is missing: where is the checkpoint to be saved?");
  return config;
}

}  // namespace distload
