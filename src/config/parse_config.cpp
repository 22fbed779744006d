// Converts YAML to a Config; error messages have the form of compiler messages.
#include <distload/config/parse_config.hpp>

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/yaml.h>

#include <set>
#include <string_view>

#include <distload/base/error.hpp>
#include <distload/config/validate.hpp>

#include "base/text.hpp"
#include "config/apply_setting.hpp"
#include "config/excerpt.hpp"
#include "config/scalar.hpp"
#include "config/schema.hpp"
#include "config/second_document.hpp"

namespace distload {
namespace {

/// "a.yaml:3:8: message", the line, and a caret under the column. `mark` counts from 0.
[[noreturn]] void fail_at(YAML::Mark const& mark, std::string const& text, std::string const& file_name,
                          std::string const& message) {
  if (mark.is_null()) throw ConfigError(file_name + ": " + message);
  auto const line = static_cast<std::size_t>(mark.line);
  auto const column = static_cast<std::size_t>(mark.column);
  throw ConfigError(file_name + ":" + std::to_string(line + 1) + ":" + std::to_string(column + 1) + ": " + message +
                    "\n" + excerpt(text, line, column));
}

/// Visits the sections and keys of a document and sets their values.
class Reader {
 public:
  Reader(std::string const& text, std::string const& file_name) : text_(text), file_name_(file_name) {}

  Config read() {
    auto const document = parse();
    if (document.IsNull()) return std::move(config_);
    expect_map(document, "a configuration is a map of sections");
    for_each_entry(document, "", [&](std::string const& section, YAML::Node const& key, YAML::Node const& value) {
      if (!is_config_section(section)) {
        fail(key, "unknown section `" + printable(section) + "`" + suggest_config_section(section));
      }
      read_section(section, value);
    });
    return std::move(config_);
  }

 private:
  YAML::Node parse() const {
    try {
      auto const document = YAML::Load(text_);
      if (auto const second = second_document(text_)) {
        fail_at(*second, text_, file_name_, "not a part of the configuration, which is one YAML document");
      }
      return document;
    } catch (YAML::DeepRecursion const& error) {
      fail_at(error.mark, text_, file_name_, "nested too deeply");
    } catch (YAML::Exception const& error) {
      fail_at(error.mark, text_, file_name_, printable(error.msg));
    }
  }

  void read_section(std::string const& section, YAML::Node const& node) {
    if (node.IsNull()) return;
    expect_map(node, "`" + section + "` is a map of keys");
    // An empty section enables saving, so that validation reports the missing directory.
    if (section == "save" && !config_.save) config_.save.emplace();
    for_each_entry(node, section + ".", [&](std::string const& name, YAML::Node const& key, YAML::Node const& value) {
      if (name + "." == kHintsPrefix) {
        read_hints(value);
        return;
      }
      auto const* const known = find_config_key(name);
      if (known == nullptr) fail(key, "unknown key `" + printable(name) + "`" + suggest_config_key(name));
      try {
        known->set(config_, known->takes_list && value.IsSequence() ? list_text(name, value) : scalar(name, value));
      } catch (ScalarError const& error) {
        fail(value, "`" + name + "` " + error.what());
      }
    });
  }

  std::string scalar(std::string const& name, YAML::Node const& node) const {
    expect_scalar(name, node);
    return node.Scalar();
  }

  /// The text of a list in the form of --set.
  std::string list_text(std::string const& name, YAML::Node const& list) const {
    std::vector<std::string> items;
    for (auto const& item : list) items.push_back(scalar(name, item));
    return join_list(items);
  }

  void read_hints(YAML::Node const& node) {
    if (node.IsNull()) return;
    expect_map(node, "`load.hints` is a map of MPI-IO hints");
    for_each_entry(node, std::string(kHintsPrefix),
                   [&](std::string const& name, YAML::Node const& key, YAML::Node const& value) {
                     expect_scalar(name, value);
                     try {
                       set_hint(config_, name, value.Scalar());
                     } catch (ScalarError const& error) {
                       fail(key, "`" + printable(name) + "` " + error.what());
                     }
                   });
  }

  /// Calls `visit` with the full name of every entry of a map; refuses keys that are not scalars and duplicate keys,
  /// which yaml-cpp accepts.
  template <class Visit>
  void for_each_entry(YAML::Node const& map, std::string const& prefix, Visit visit) {
    std::set<std::string> seen;
    for (auto const& entry : map) {
      if (!entry.first.IsScalar()) fail(entry.first, "a key must be a word");
      auto const name = prefix + entry.first.Scalar();
      if (!seen.insert(name).second) fail(entry.first, "duplicate key `" + printable(name) + "`");
      visit(name, entry.first, entry.second);
    }
  }

  void expect_map(YAML::Node const& node, std::string const& expectation) const {
    if (!node.IsMap()) fail(node, expectation);
  }

  void expect_scalar(std::string const& name, YAML::Node const& node) const {
    if (node.IsNull()) fail(node, "`" + printable(name) + "` has no value");
    if (!node.IsScalar()) fail(node, "`" + printable(name) + "` must be a single value");
  }

  [[noreturn]] void fail(YAML::Node const& node, std::string const& message) const {
    fail_at(node.Mark(), text_, file_name_, message);
  }

  std::string const& text_;
  std::string const& file_name_;
  Config config_;
};

}  // namespace

Config parse_config(std::string const& text, std::string const& file_name, std::span<Setting const> overrides) {
  auto config = Reader(text, file_name).read();
  for (auto const& setting : overrides) apply_setting(setting, config);
  try {
    validate(config);
  } catch (ConfigError const& error) {
    throw ConfigError(file_name + ": " + error.what());
  }
  return config;
}

}  // namespace distload
