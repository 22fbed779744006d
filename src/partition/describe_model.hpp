/// describe_model: the tensors of a model, from the rules of its family and its config.json alone.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <distload/base/dtype.hpp>
#include <distload/tensor/dims.hpp>

#include "partition/partition_model.hpp"

namespace distload {

/// What numbers a tensor holds, where they are not weights.
struct TensorNumbers {
  enum class Kind : std::uint8_t {
    any,
    these,   ///< `values`
    groups,  ///< element i is i / values[0]
  };

  Kind kind = Kind::any;
  std::array<std::uint64_t, 2> values{};

  friend bool operator==(TensorNumbers const&, TensorNumbers const&) = default;
};

/// A tensor as a checkpoint of the model stores it.
struct TensorDescription {
  std::string name;
  DType dtype = DType::bf16;
  Shape shape;  ///< as in a catalog: of types smaller than a byte, in units of whole bytes
  TensorNumbers numbers = {};

  friend bool operator==(TensorDescription const&, TensorDescription const&) = default;
};

struct DescriptionOptions {
  /// Of all tensors that neither the rules nor a format of quantized weights give another type; nothing: what
  /// config.json says (`dtype`, `torch_dtype`), bf16 if it says nothing.
  std::optional<DType> dtype = std::nullopt;
  std::string config_file = "config.json";  ///< where the config comes from, for messages
};

/// The tensors that a checkpoint of this config.json has in the releases of its family, by the entries of `required`
/// and `expected` in the rule file, with the names of the releases. Tensors of all layers and experts; without those
/// that are tied to another one. The weights of a quantized model are in the format that quantization_config names,
/// except for the modules that it leaves out.
///
/// The order is that of the layers: what stands before them, layer by layer, what stands behind them.
///
/// @throws ConfigError  the rule file does not say that it lists all tensors (`complete: true`); no rule, or several,
///                      match a name that it lists; config.json lacks a size that a shape needs. Lists all such
///                      tensors.
std::vector<TensorDescription> describe_model(FamilyRules const& family, std::string_view config_json,
                                              DescriptionOptions const& options = {});

/// The text of a config.json with the quantization_config of a format.
/// @param name  of a format in formats.yaml, or of one of its `written` entries: "awq", "nvfp4"
/// @throws ConfigError  there is no such format, or none that can be written; names those that can.
std::string with_quantization(FamilyRules const& family, std::string_view config_json, std::string const& name);

}  // namespace distload
