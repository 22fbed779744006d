/// Model: the content of a synthetic checkpoint, independent of its format.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <distload/base/dtype.hpp>

#include "synth/families.hpp"

namespace distload::synth {

struct Model {
  Family const* family = nullptr;
  std::vector<SynthTensor> tensors;
  DType dtype = DType::bf16;
  std::uint64_t seed = 0;
  std::string config;  ///< config.json

  Bytes nbytes() const noexcept {
    Bytes total = 0;
    for (auto const& tensor : tensors) total += volume(tensor.shape) * size_of(dtype);
    return total;
  }
};

}  // namespace distload::synth
