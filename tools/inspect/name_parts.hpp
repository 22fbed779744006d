/// name_parts: cuts tensors' names into modules, and finds the numbers of layers and experts in them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace distload {

/// The most modules that a name is cut into; what follows stays together.
inline constexpr std::size_t kMostNameParts = 24;

/// A part of a name between dots or slashes: "layers", "12", "layers_12".
struct NamePart {
  std::size_t begin = 0;  ///< in the name
  std::size_t end = 0;
  std::string_view stem;                ///< what stands before the number: "" of "12", "layers_" of "layers_12"
  std::optional<std::uint64_t> number;  ///< of a layer or an expert
};

/// The parts of `name`, which must outlive them; at least one.
std::vector<NamePart> name_parts(std::string_view name);

/// Ranges of numbers that a text lists.
inline constexpr std::size_t kMostRanges = 6;

/// `name` with a star for every number: "model.layers.*.mlp.up_proj.weight".
std::string without_numbers(std::string_view name);

/// A layer's tensor: the stack of layers, and the number in it.
struct LayerName {
  std::string_view stack;  ///< what stands before the first number: "model.layers."
  std::uint64_t number = 0;
};

/// By the first number in the name; nothing if it has none.
std::optional<LayerName> layer_of(std::string_view name);

}  // namespace distload
