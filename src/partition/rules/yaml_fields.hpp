/// YamlFields: a YAML map that is read key by key; errors name file and line. Only for the reader of rule files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/yaml.h>

namespace distload::rules {

/// A YAML file, for messages.
class YamlSource {
 public:
  explicit YamlSource(std::string path) : path_(std::move(path)) {}

  /// @throws ConfigError "path:line: what".
  [[noreturn]] void fail(YAML::Mark const& mark, std::string const& what) const;
  /// "llama.yaml:12"
  std::string location(YAML::Node const& node) const;
  /// The file's name without its folder.
  std::string file() const;
  /// Counts one value that is read; a file of aliases of aliases has more of them than characters.
  /// @throws ConfigError if they are more than any rule file has.
  void count(YAML::Node const& node) const;

 private:
  std::string path_;
  mutable std::size_t values_ = 0;
};

class YamlFields {
 public:
  /// `what` names the map in messages: "a rule".
  /// @throws ConfigError if `node` is no map, or has a key twice or one that is not in `known`.
  YamlFields(YamlSource const& source, YAML::Node const& node, std::string what,
             std::initializer_list<std::string_view> known);

  bool has(std::string_view key) const { return find(key).IsDefined(); }
  /// The value, or an undefined node.
  YAML::Node find(std::string_view key) const;
  /// @throws ConfigError if the key is missing.
  YAML::Node require(std::string_view key) const;
  std::string location() const { return source_.location(node_); }
  [[noreturn]] void fail(std::string const& what) const { source_.fail(node_.Mark(), what); }

 private:
  YamlSource const& source_;
  YAML::Node node_;
  std::string what_;
};

std::string read_text(YamlSource const& source, YAML::Node const& node);
bool read_boolean(YamlSource const& source, YAML::Node const& node);
/// The items of a list, or the node itself as the only one.
std::vector<YAML::Node> read_list(YAML::Node const& node);

}  // namespace distload::rules
