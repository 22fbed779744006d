/// Companions: tensors that belong to a weight, such as the scales of a quantized one.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <distload/checkpoint/catalog.hpp>

namespace distload::rules {

/// How the elements of a companion correspond to its weight's.
enum class Follows : std::uint8_t {
  blocks,   ///< one element per block of the weight, along each of its axes
  input,    ///< one element per input of the weight
  nothing,  ///< one number for the whole weight
};

struct Companion {
  std::uint32_t weight = 0;  ///< index into `Catalog::tensors`
  Follows follows = Follows::blocks;
  bool is_cut_with_weight = false;  ///< its partition follows from the weight's rule; otherwise it needs a rule
};

/// The weight of the companion `name`; nothing if `name` is not a known companion name, or the weight does not exist.
std::optional<Companion> find_companion(Catalog const& catalog, std::string_view name);

/// The weight in the same module, or with the same name stem, as a tensor of unknown kind; nullptr if there is none.
TensorInfo const* weight_beside(Catalog const& catalog, std::string_view name);

}  // namespace distload::rules
