/// Catalogs of made-up models, and a short spelling for the parameters of a layout.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <distload/base/error.hpp>

#include "partition/partition_model.hpp"

#include "support/thrown_message.hpp"

namespace distload::testing {

/// Name and shape of a tensor. Every {layer} of the name stands for one tensor per layer.
using NamedShape = std::pair<std::string, Shape>;

/// A catalog of these tensors, sorted by name, of dtype BF16, without extents.
Catalog make_catalog(std::vector<NamedShape> const& tensors, std::uint32_t layers);

/// The parameter of that name. Fails the test and returns an empty one if there is none.
Parameter parameter_of(Catalog const& catalog, ModelLayout const& layout, std::string const& name);

/// The shape of rank 0's shard of the parameter of that name.
Shape shard_of(Catalog const& catalog, ModelLayout const& layout, Topology const& topology, std::string const& name);

/// The formats of quantized weights that all families share.
RuleText shared_formats();

/// A rule file with the given text, those that it extends, and the shared formats.
FamilyRules rules_of(std::string text, std::vector<RuleText> bases = {});

/// What the ConfigError says that `action` throws; "" if it throws none.
template <typename Action>
std::string config_error_of(Action const& action) {
  return thrown_message<ConfigError>(action);
}

}  // namespace distload::testing
