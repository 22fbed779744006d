// Visits YAML with yaml-cpp.
#include "config/read_document.hpp"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/yaml.h>

#include <set>
#include <vector>

#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "config/excerpt.hpp"
#include "config/scalar.hpp"
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

/// Visits the sections and keys of a document.
class Reader {
 public:
  Reader(std::string const& text, std::string const& file_name, DocumentKeys& keys)
      : text_(text), file_name_(file_name), keys_(keys) {}

  void read() {
    auto const document = parse();
    if (document.IsNull()) return;
    expect_map(document, "a " + std::string(keys_.noun()) + " is a map of sections");
    for_each_entry(document, "", [&](std::string const& section, YAML::Node const& key, YAML::Node const& value) {
      if (!keys_.has_section(section)) {
        fail(key, "unknown section `" + printable(section) + "`" + keys_.suggest_section(section));
      }
      read_section(section, value);
    });
  }

 private:
  YAML::Node parse() const {
    try {
      auto const document = YAML::Load(text_);
      if (auto const second = second_document(text_)) {
        fail_at(*second, text_, file_name_,
                "not a part of the " + std::string(keys_.noun()) + ", which is one YAML document");
      }
      return document;
    } catch (YAML::DeepRecursion const& error) {
      fail_at(error.mark, text_, file_name_, "nested too deeply");
    } catch (YAML::Exception const& error) {
      fail_at(error.mark, text_, file_name_, printable(error.msg));
    }
  }

  void read_section(std::string const& section, YAML::Node const& node) {
    keys_.enter(section);
    if (node.IsNull()) return;
    expect_map(node, "`" + section + "` is a map of keys");
    for_each_entry(node, section + ".", [&](std::string const& name, YAML::Node const& key, YAML::Node const& value) {
      if (auto const free = keys_.map_of(name)) {
        read_map(name, *free, value);
        return;
      }
      if (!keys_.has(name)) fail(key, "unknown key `" + printable(name) + "`" + keys_.suggest(name));
      try {
        keys_.set(name, keys_.takes_list(name) && value.IsSequence() ? list_text(name, value) : scalar(name, value));
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

  void read_map(std::string const& map, std::string const& what, YAML::Node const& node) {
    if (node.IsNull()) return;
    expect_map(node, "`" + map + "` is a map of " + what);
    for_each_entry(node, map + ".", [&](std::string const& name, YAML::Node const& key, YAML::Node const& value) {
      expect_scalar(name, value);
      try {
        keys_.set(name, value.Scalar());
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
  DocumentKeys& keys_;
};

}  // namespace

void read_document(std::string const& text, std::string const& file_name, DocumentKeys& keys) {
  Reader(text, file_name, keys).read();
}

}  // namespace distload
