/// Missing tensors: what a family requires, and what some layers lack that others have.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "partition/problems.hpp"
#include "partition/rules/rules.hpp"

namespace distload::rules {

/// Learns what every layer has, and finds the ones that lack something.
///
/// Layers of a model may differ: some have experts and others an MLP. But a layer that has only a part of what another
/// one has is incomplete. Layers are compared that are numbered in the same place of their names.
class LayerContents {
 public:
  /// A tensor of a layer; `layer_at` is where the layer's number begins in its name.
  void add(std::string_view name, std::size_t layer_at, std::uint32_t layer, Shape const& shape);

  /// @param layers  how many there are, where that is known and they are numbered in one place
  void report_incomplete(std::optional<std::uint64_t> layers, Problems& problems) const;

 private:
  /// What comes after a layer's number, e.g. ".mlp.up_proj.weight".
  struct Content {
    std::string_view rest;
    Shape shape;  ///< in the first layer that has it
  };
  /// Layers with the same text before their number.
  struct Stack {
    std::unordered_map<std::string_view, std::uint32_t> numbers;  ///< of contents, by rest
    std::vector<Content> contents;
    std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> layers;  ///< contents of each, by number
  };

  static void report_stack(std::string_view prefix, Stack const& stack, std::uint64_t layers, Problems& problems);

  std::unordered_map<std::string_view, Stack> stacks_;  ///< the names' owner outlives the object
};

/// Reports what `required` asks for and no name has.
/// @param names  of all tensors, and of the aliases
void report_required(std::vector<RequiredRule> const& required, std::vector<std::string_view> const& names,
                     Problems& problems);

}  // namespace distload::rules
