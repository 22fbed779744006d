/// YamlFields: a YAML map whose keys are read one by one; errors name file and line. Used only by the reader of rule
/// files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/yaml.h>

#include <distload/base/dtype.hpp>

namespace distload::rules {

/// A YAML file and its name for messages.
class YamlSource {
 public:
  explicit YamlSource(std::string path) : path_(std::move(path)) {}

  /// @throws ConfigError  "path:line: what".
  [[noreturn]] void fail(YAML::Mark const& mark, std::string const& what) const;
  /// "llama.yaml:12"
  std::string location(YAML::Node const& node) const;
  /// The file's name without folder.
  std::string file() const;
  /// Counts the values read; nested aliases can expand to more values than the file has characters.
  /// @throws ConfigError  more values than the limit.
  void count(YAML::Node const& node) const;

 private:
  std::string path_;
  mutable std::size_t values_ = 0;
};

class YamlFields {
 public:
  /// @param what  name of the map in messages: "a rule"
  /// @throws ConfigError  `node` is not a map, has a key twice, or a key that is not in `known`.
  YamlFields(YamlSource const& source, YAML::Node const& node, std::string what,
             std::initializer_list<std::string_view> known);

  bool has(std::string_view key) const { return find(key).IsDefined(); }
  /// The value; an undefined node if the key is missing.
  YAML::Node find(std::string_view key) const;
  /// @throws ConfigError  the key is missing.
  YAML::Node require(std::string_view key) const;
  std::string location() const { return source_.location(node_); }
  [[noreturn]] void fail(std::string const& what) const { source_.fail(node_.Mark(), what); }

 private:
  YamlSource const& source_;
  YAML::Node node_;
  std::string what_;
};

std::string read_text(YamlSource const& source, YAML::Node const& node);
/// A type of elements, by its name in safetensors: "BF16".
DType read_dtype(YamlSource const& source, YAML::Node const& node);
std::uint64_t read_number(YamlSource const& source, YAML::Node const& node, std::uint64_t least, std::uint64_t most);
bool read_boolean(YamlSource const& source, YAML::Node const& node);
/// The items of a list; a node that is not a list counts as its only item.
std::vector<YAML::Node> read_list(YAML::Node const& node);

}  // namespace distload::rules
