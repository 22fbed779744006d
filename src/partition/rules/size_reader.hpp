/// SizeReader: reads the `sizes` of a rule file and the expressions that use them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "partition/rules/sizes.hpp"
#include "partition/rules/yaml_fields.hpp"

namespace distload::rules {

class SizeReader {
 public:
  /// @param source  must outlive the object
  /// @param base    sizes of the file that this file extends
  SizeReader(YamlSource const& source, std::vector<SizeDefinition> base)
      : source_(source), definitions_(std::move(base)) {}

  /// Adds the `sizes` of the file; they replace base sizes with the same name.
  /// @throws ConfigError  "path:line: ..."; also if a size depends on itself.
  void read(YAML::Node const& node);
  /// @throws ConfigError  "path:line: ..."; not an expression, or it uses an undefined size.
  Expression read_expression(YAML::Node const& node) const;
  bool is_defined(std::string const& name) const;

  /// Each size comes after the sizes that it depends on.
  std::vector<SizeDefinition> const& definitions() const noexcept { return definitions_; }

 private:
  /// Appends a size and, before it, its dependencies to `sorted`. `open` are the sizes being placed.
  void place(SizeDefinition const& size, YAML::Node const& node, std::vector<SizeDefinition>& sorted,
             std::vector<std::string>& open) const;

  YamlSource const& source_;
  std::vector<SizeDefinition> definitions_;
};

}  // namespace distload::rules
