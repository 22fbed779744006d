// The table of companion names.
#include "partition/companions.hpp"

#include <array>
#include <string>

namespace distload::rules {
namespace {

/// The companion's name is the weight's, with `of_weight` replaced by `ending`.
struct Naming {
  std::string_view ending;
  std::string_view of_weight;
  Follows follows;
  bool is_cut_with_weight;
};

constexpr std::array kNamings{
    // "q_proj.weight_scale" for "q_proj.weight", "experts.gate_up_proj_scale_inv" for "experts.gate_up_proj".
    Naming{"_scale_inv", "", Follows::blocks, true},
    Naming{"_scale_inv", "_packed", Follows::blocks, true},
    Naming{"_scale", "", Follows::blocks, true},
    Naming{"_scale", "_packed", Follows::blocks, true},
    Naming{"_scale_2", "", Follows::nothing, true},
    Naming{"_global_scale", "", Follows::nothing, true},
    Naming{"_global_scale", "_packed", Follows::nothing, true},
    Naming{".input_scale", ".weight", Follows::nothing, true},
    Naming{".input_scale", ".weight_packed", Follows::nothing, true},
    Naming{".input_global_scale", ".weight", Follows::nothing, true},
    Naming{".input_global_scale", ".weight_packed", Follows::nothing, true},
    Naming{".output_scale", ".weight", Follows::nothing, true},
    Naming{".pre_quant_scale", ".weight", Follows::input, true},
    // Scales of a layer's key and value cache.
    Naming{".k_scale", ".weight", Follows::nothing, true},
    Naming{".k_scale", ".k_proj.weight", Follows::nothing, true},
    Naming{".k_scale", ".qkv_proj.weight", Follows::nothing, true},
    Naming{".v_scale", ".weight", Follows::nothing, true},
    Naming{".v_scale", ".v_proj.weight", Follows::nothing, true},
    Naming{".v_scale", ".qkv_proj.weight", Follows::nothing, true},
    Naming{".q_scale", ".weight", Follows::nothing, true},
    Naming{".q_scale", ".q_proj.weight", Follows::nothing, true},
    Naming{".q_scale", ".qkv_proj.weight", Follows::nothing, true},
    // Companions of weights that only user-written rules describe.
    Naming{"_scales", "_blocks", Follows::blocks, false},
    Naming{"_zero_point", "", Follows::blocks, false},
    Naming{"_zero_point", "_packed", Follows::blocks, false},
    Naming{".scales", ".qweight", Follows::blocks, false},
    Naming{".scales", ".weight", Follows::blocks, false},
    Naming{".qzeros", ".qweight", Follows::blocks, false},
    Naming{".g_idx", ".qweight", Follows::blocks, false},
    Naming{".biases", ".weight", Follows::blocks, false},
    Naming{".SCB", ".weight", Follows::blocks, false},
    Naming{".absmax", "", Follows::blocks, false},
    Naming{".quant_map", "", Follows::nothing, false},
    Naming{".nested_absmax", "", Follows::blocks, false},
    Naming{".nested_quant_map", "", Follows::nothing, false},
};

/// Names of the weight of a module.
constexpr std::array<std::string_view, 3> kWeights{".weight", ".weight_packed", ".qweight"};

}  // namespace

std::optional<Companion> find_companion(Catalog const& catalog, std::string_view name) {
  if (name.empty()) return std::nullopt;
  for (auto const& naming : kNamings) {
    // The last character alone rejects nearly all of them.
    if (name.back() != naming.ending.back() || !name.ends_with(naming.ending)) continue;
    auto weight = std::string(name.substr(0, name.size() - naming.ending.size()));
    weight += naming.of_weight;
    auto const* const found = catalog.find(weight);
    if (found == nullptr) continue;
    return Companion{static_cast<std::uint32_t>(found - catalog.tensors.data()), naming.follows,
                     naming.is_cut_with_weight};
  }
  return std::nullopt;
}

TensorInfo const* weight_beside(Catalog const& catalog, std::string_view name) {
  for (auto end = name.find_last_of("._"); end != std::string_view::npos && end > 0;
       end = name.find_last_of("._", end - 1)) {
    if (auto const* const longer = catalog.find(name.substr(0, end))) return longer;
  }
  auto const dot = name.rfind('.');
  if (dot == std::string_view::npos) return nullptr;
  for (auto const ending : kWeights) {
    auto const weight = std::string(name.substr(0, dot)) + std::string(ending);
    if (weight == name) return nullptr;  // it is the weight
    if (auto const* const found = catalog.find(weight)) return found;
  }
  return nullptr;
}

}  // namespace distload::rules
