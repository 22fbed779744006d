/// Model: the content of a synthetic checkpoint, independent of its format.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <distload/base/dtype.hpp>

#include "partition/describe_model.hpp"
#include "synth/families.hpp"

namespace distload::synth {

struct Model {
  std::string family;        ///< of the rules
  std::string architecture;  ///< config.json's first `architectures`
  std::vector<TensorDescription> tensors;
  std::uint64_t seed = 0;
  std::string config;  ///< config.json

  Bytes nbytes() const noexcept {
    Bytes total = 0;
    for (auto const& tensor : tensors) total += volume(tensor.shape) * size_of(tensor.dtype);
    return total;
  }
};

/// A model of one of the families of `families`.
Model model_of(Family const& family, ModelSizes const& sizes, DType dtype, std::uint64_t seed);

/// What a checkpoint is made from, instead of a family and sizes.
struct ConfigSource {
  std::string config;          ///< path of a config.json, or of the folder that it is in
  std::string quantization;    ///< name of a format, or path of a file with a quantization_config; may be empty
  std::string rules = "auto";  ///< as in `RulesSource`
  std::optional<DType> dtype = std::nullopt;  ///< instead of what config.json says
};

/// Local: the model of a config.json, by the rules of its family.
/// @throws ConfigError  the family is unknown, or its rules and config.json do not determine all tensors.
/// @throws IoError      a file cannot be read.
Model model_of(ConfigSource const& source, std::uint64_t seed);

}  // namespace distload::synth
