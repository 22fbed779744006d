/// Finds missing tensors: those that a family requires, and those that some layers lack and others have.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "partition/problems.hpp"
#include "partition/rules/config_values.hpp"
#include "partition/rules/rule_match.hpp"
#include "partition/rules/rules.hpp"
#include "partition/rules/sizes.hpp"

namespace distload::rules {

/// Collects the tensors of every layer and finds incomplete layers.
///
/// Layers of a model may differ: some have experts and others an MLP. A layer whose tensors are a proper subset of
/// another layer's is incomplete. Only layers with the same name before the number are compared.
class LayerContents {
 public:
  /// Adds a tensor of a layer; `layer_at` is the position of the layer's number in its name.
  void add(std::string_view name, std::size_t layer_at, std::uint32_t layer, Shape const& shape);

  /// @param layers  the number of layers, if it is known and all have the same name before the number
  void report_incomplete(std::optional<std::uint64_t> layers, Problems& problems) const;

 private:
  /// The name after a layer's number, e.g. ".mlp.up_proj.weight".
  struct Content {
    std::string_view rest;
    Shape shape;  ///< in the first layer that has it
  };
  /// Layers with the same name before their number.
  struct Stack {
    std::unordered_map<std::string_view, std::uint32_t>
        numbers;  ///< numbers of contents, by name after the layer's number
    std::vector<Content> contents;
    std::unordered_map<std::uint32_t, std::vector<std::uint32_t>>
        layers;  ///< numbers of each layer's contents, by layer
  };

  static void report_stack(std::string_view prefix, Stack const& stack, std::uint64_t layers, Problems& problems);

  std::unordered_map<std::string_view, Stack> stacks_;  ///< the owner of the names must outlive the object
};

/// Reports the entries of `required` that no name matches; of those that only some layers have, the names of the layers
/// that lack them.
/// @param layers  the number of layers, if it is known
/// @param names   names of all tensors and aliases
void report_required(RuleSet const& set, RuleFinder const& finder, Sizes const& sizes, ConfigValues const& config,
                     std::optional<std::uint64_t> layers, std::vector<std::string_view> const& names,
                     Problems& problems);

/// The number of layers before those of the stack that the names of a pattern belong to.
/// @throws ConfigProblem  config.json lacks a size for it.
std::uint64_t layers_before(Pattern const& pattern, RuleSet const& set, RuleFinder const& finder, Sizes const& sizes);

}  // namespace distload::rules
