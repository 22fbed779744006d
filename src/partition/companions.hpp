/// Companions: tensors that mean nothing without the weight beside them, such as the scales of a quantized one.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <distload/checkpoint/catalog.hpp>

namespace distload::rules {

/// What of its weight a companion goes along.
enum class Follows : std::uint8_t {
  blocks,   ///< an element for every block of the weight's elements, along each of its axes
  input,    ///< an element for every one of the weight's inputs
  nothing,  ///< one number for all of the weight
};

struct Companion {
  std::uint32_t weight = 0;  ///< index into `Catalog::tensors`
  Follows follows = Follows::blocks;
  bool is_cut_with_weight = false;  ///< how it is cut follows from the weight's rule; otherwise it needs one of its own
};

/// The weight that a tensor called `name` is known to belong to. Nothing if the name is none of a companion, or there
/// is no such weight.
std::optional<Companion> find_companion(Catalog const& catalog, std::string_view name);

/// The weight in whose module, or under whose name, a tensor that nothing is known of stands; nullptr if there is none.
TensorInfo const* weight_beside(Catalog const& catalog, std::string_view name);

}  // namespace distload::rules
