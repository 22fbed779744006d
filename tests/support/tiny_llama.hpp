/// A llama of a few hundred kilobytes as a Hugging Face directory. Each element's value encodes its position.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <distload/tensor/dims.hpp>

namespace distload::testing {

struct TinyTensor {
  std::string name;
  Shape shape;
};

/// Sizes: hidden 128, 8 heads of 16, 2 key/value heads, intermediate 144, vocabulary 101, 3 layers; not tied.
std::vector<TinyTensor> tiny_llama_tensors();

/// The F32 value of element `index` (row-major) of tensor number `tensor` of `tiny_llama_tensors()`; exact in F32.
float tiny_llama_value(std::size_t tensor, std::uint64_t index);

/// A small number that looks random, for tests that compute with the model.
float tiny_llama_weight(std::size_t tensor, std::uint64_t index);

/// The value of an element.
using TinyValue = float (*)(std::size_t tensor, std::uint64_t index);

/// Writes config.json and model.safetensors to the existing folder `directory`.
void write_tiny_llama(std::string const& directory, TinyValue value = tiny_llama_value);

}  // namespace distload::testing
