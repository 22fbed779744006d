/// Reads the `formats` of rule files.
#pragma once

#include <functional>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "partition/rules/format.hpp"
#include "partition/rules/yaml_fields.hpp"

namespace distload::rules {

/// Reads the `when` of a format.
using ReadConditions = std::function<std::vector<Condition>(YAML::Node const&)>;

/// @throws ConfigError  "path:line: ..."; the map violates the rule language.
std::vector<Format> read_formats(YamlSource const& source, YAML::Node const& node, ReadConditions const& read_when);

}  // namespace distload::rules
