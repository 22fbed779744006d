/// Names, shapes and config.json of real models, by their public configurations.
#pragma once

#include <string>

#include <distload/checkpoint/catalog.hpp>

namespace distload::testing {

struct RealModel {
  std::string config_json;
  Catalog catalog;
};

RealModel llama_3_8b();
RealModel llama_3_2_1b();  ///< tied, lm_head not stored
RealModel mistral_7b();
RealModel qwen2_0_5b();  ///< 14 heads, 2 of keys and values, biases; tied
RealModel qwen3_0_6b();  ///< head_dim 128 with hidden 1024 and 16 heads; tied, yet lm_head stored
RealModel minilm();      ///< a bare BERT encoder of 6 layers
RealModel bert_base();   ///< with its pre-training heads, under "bert."

}  // namespace distload::testing
