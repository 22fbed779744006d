// Checked access to YAML maps.
#include "partition/rules/yaml_fields.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

#include <distload/base/error.hpp>

#include "base/suggest.hpp"
#include "base/text.hpp"

namespace distload::rules {

void YamlSource::fail(YAML::Mark const& mark, std::string const& what) const {
  // yaml-cpp counts lines from zero; -1 means unknown.
  throw ConfigError(path_ + (mark.line < 0 ? "" : ":" + std::to_string(mark.line + 1)) + ": " + what);
}

std::string YamlSource::location(YAML::Node const& node) const {
  return file() + ":" + std::to_string(node.Mark().line + 1);
}

void YamlSource::count(YAML::Node const& node) const {
  constexpr std::size_t kMaxValues = 200'000;
  if (++values_ > kMaxValues) fail(node.Mark(), "more than " + std::to_string(kMaxValues) + " values, with aliases");
}

std::string YamlSource::file() const { return std::filesystem::path(path_).filename().string(); }

YamlFields::YamlFields(YamlSource const& source, YAML::Node const& node, std::string what,
                       std::initializer_list<std::string_view> known)
    : source_(source), node_(node), what_(std::move(what)) {
  if (!node.IsMap()) source.fail(node.Mark(), what_ + " must be a map of keys and values");
  std::set<std::string> seen;
  for (auto const& field : node) {
    auto const key = read_text(source, field.first);
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      std::vector<std::string> const candidates(known.begin(), known.end());
      auto const meant = nearest(key, candidates);
      source.fail(field.first.Mark(),
                  what_ + " has no key `" + printable(key) + "`" + (meant ? "; did you mean `" + *meant + "`?" : ""));
    }
    // yaml-cpp keeps both of two equal keys and finds the first.
    if (!seen.insert(key).second) source.fail(field.first.Mark(), "`" + key + "` stands twice");
  }
}

YAML::Node YamlFields::find(std::string_view key) const { return node_[std::string(key)]; }

YAML::Node YamlFields::require(std::string_view key) const {
  if (!has(key)) fail(what_ + " lacks `" + std::string(key) + "`");
  return find(key);
}

std::string read_text(YamlSource const& source, YAML::Node const& node) {
  source.count(node);
  if (!node.IsScalar()) source.fail(node.Mark(), "expected a single value");
  return node.Scalar();
}

DType read_dtype(YamlSource const& source, YAML::Node const& node) {
  auto const text = read_text(source, node);
  auto const dtype = parse_dtype(text);
  if (!dtype) source.fail(node.Mark(), "there is no dtype `" + printable(text) + "`");
  return *dtype;
}

std::uint64_t read_number(YamlSource const& source, YAML::Node const& node, std::uint64_t least, std::uint64_t most) {
  auto const text = read_text(source, node);
  std::uint64_t number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most) {
    source.fail(node.Mark(),
                "`" + printable(text) + "` is no number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return number;
}

bool read_boolean(YamlSource const& source, YAML::Node const& node) {
  auto const text = read_text(source, node);
  if (text != "true" && text != "false")
    source.fail(node.Mark(), "`" + printable(text) + "` is neither true nor false");
  return text == "true";
}

std::vector<YAML::Node> read_list(YAML::Node const& node) {
  if (!node.IsSequence()) return {node};
  return {node.begin(), node.end()};
}

}  // namespace distload::rules
