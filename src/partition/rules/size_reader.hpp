/// SizeReader: reads the `sizes` of a rule file and the expressions that are made of them.
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
  /// @param source  outlives the object
  /// @param base    of the file that this one extends
  SizeReader(YamlSource const& source, std::vector<SizeDefinition> base)
      : source_(source), definitions_(std::move(base)) {}

  /// Takes over the `sizes` of the file, those of the base's names in their place.
  /// @throws ConfigError "path:line: ...", also if a size is made of itself.
  void read(YAML::Node const& node);
  /// @throws ConfigError "path:line: ..." for what is no expression, or names a size that there is not.
  Expression read_expression(YAML::Node const& node) const;
  bool is_defined(std::string const& name) const;

  /// Every size stands behind those that it is made of.
  std::vector<SizeDefinition> const& definitions() const noexcept { return definitions_; }

 private:
  /// Appends a size to `sorted`, behind those that it is made of. `open` are those that are being placed.
  void place(SizeDefinition const& size, YAML::Node const& node, std::vector<SizeDefinition>& sorted,
             std::vector<std::string>& open) const;

  YamlSource const& source_;
  std::vector<SizeDefinition> definitions_;
};

}  // namespace distload::rules
