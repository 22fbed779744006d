// Reads keys and numbers.
#include "app/redistribute_option.hpp"

#include <array>
#include <charconv>
#include <set>
#include <string_view>

#include <distload/base/error.hpp>
#include <distload/config/config.hpp>
#include <distload/parallel/resolve_topology.hpp>

#include "base/suggest.hpp"
#include "base/text.hpp"

namespace distload {
namespace {

std::vector<std::string> parts_of(std::string const& text, char separator) {
  std::vector<std::string> parts(1);
  for (auto const character : text) {
    if (character == separator) {
      parts.emplace_back();
    } else {
      parts.back() += character;
    }
  }
  return parts;
}

std::uint32_t number_of(std::string const& text, std::string const& key) {
  std::uint32_t number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number > 0 && number <= kMaxRanks) return number;
  throw UsageError("--redistribute: " + key + " is '" + printable(text) + "', expected a number from 1 to " +
                   std::to_string(kMaxRanks));
}

void set(RedistributeOption& option, std::string const& key, std::string const& value) {
  if (key == "tensor_parallel") {
    option.tensor_parallel = number_of(value, key);
  } else if (key == "pipeline_parallel") {
    option.pipeline_parallel = number_of(value, key);
  } else if (key == "data_parallel") {
    option.data_parallel = number_of(value, key);
  } else if (key == "expert_parallel") {
    option.expert_parallel = number_of(value, key);
  } else if (key == "pipeline_layers") {
    for (auto const& layers : parts_of(value, ':')) option.pipeline_layers.push_back(number_of(layers, key));
  } else {
    std::vector<std::string> const known{"tensor_parallel", "pipeline_parallel", "data_parallel", "expert_parallel",
                                         "pipeline_layers"};
    auto const meant = nearest(key, known);
    throw UsageError("--redistribute: unknown key '" + printable(key) + "'" +
                     (meant ? "; did you mean '" + *meant + "'?" : ""));
  }
}

}  // namespace

Topology RedistributeOption::topology(std::uint32_t ranks) const {
  try {
    return resolve_topology(tensor_parallel, pipeline_parallel, data_parallel, ranks, expert_parallel);
  } catch (ConfigError const& error) {
    throw ConfigError("--redistribute: " + std::string(error.what()));
  }
}

RedistributeOption parse_redistribute_option(std::string const& text) {
  RedistributeOption option;
  std::set<std::string> seen;
  for (auto const& part : parts_of(text, ',')) {
    auto const equals = part.find('=');
    if (equals == std::string::npos) {
      throw UsageError("--redistribute: '" + printable(part) + "' is not of the form key=number");
    }
    auto const key = part.substr(0, equals);
    if (!seen.insert(key).second) throw UsageError("--redistribute: " + printable(key) + " is given twice");
    set(option, key, part.substr(equals + 1));
  }
  return option;
}

}  // namespace distload
