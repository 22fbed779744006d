/// models: names, types and shapes of the largest public models, from their public configurations.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <distload/base/dtype.hpp>
#include <distload/tensor/dims.hpp>

namespace distload::plan_bench {

struct ModelTensor {
  std::string name;
  DType dtype = DType::bf16;
  Shape shape;
};

struct Model {
  std::string name;
  std::string family;
  std::string config_json;
  std::uint32_t files = 1;           ///< number of files of the published checkpoint
  std::vector<ModelTensor> tensors;  ///< in stored order: layer by layer
};

/// Llama 3.1 8B, 70B and 405B: 32, 80 and 126 layers, BF16.
Model llama_8b();
Model llama_70b();
Model llama_405b();

/// DeepSeek V3 671B: 61 layers, 58 of them with 256 experts, and one for multi-token prediction, in FP8 with an F32
/// scale for every 128 x 128 block of a weight.
Model deepseek_671b();

/// A model of 1 TB in the form of Kimi K2.5: 59 layers, 58 of them with 768 experts, each of whose matrices is packed
/// in 4 bits: some 400,000 tensors.
Model int4_experts_1tb();

}  // namespace distload::plan_bench
