// Checks that several families share.
#include "infer/families/checks.hpp"

#include <distload/base/error.hpp>

#include "base/text.hpp"

namespace distload::infer {

void check_biases(ModelConfig const& config, ParameterNames const& names, std::string_view key, bool fallback,
                  std::string const& prefix, std::initializer_list<std::string_view> modules) {
  if (config.flag({key}, fallback)) return;
  for (auto const module : modules) {
    auto const name = prefix + std::string(module) + ".bias";
    if (!names.has(name)) continue;
    throw ConfigError("config.json: " + std::string(key) + " is false" +
                      (config.json().contains(key) ? "" : " if it is missing") + ", but the checkpoint has '" +
                      printable(name) + "'");
  }
}

void check_rotates_all(RotaryOptions const& rotary, std::uint32_t dim) {
  if (rotary.dim == dim) return;
  throw ConfigError("config.json: with partial_rotary_factor, rotary positions are of " + std::to_string(rotary.dim) +
                    " of " + std::to_string(dim) + " numbers, but models of this family rotate all");
}

}  // namespace distload::infer
