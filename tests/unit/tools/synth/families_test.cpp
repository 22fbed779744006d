// The table of families against the public configurations of real models.
#include "synth/families.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace distload::synth {
namespace {

constexpr ModelSizes kLlama3With8B{32, 4096, 32, 8, 128, 14336, 128256, false};
constexpr ModelSizes kMistral7B{32, 4096, 32, 8, 128, 14336, 32768, false};
constexpr ModelSizes kQwen2With05B{24, 896, 14, 2, 64, 4864, 151936, true};
constexpr ModelSizes kQwen3With06B{28, 1024, 16, 8, 128, 3072, 151936, true};
constexpr ModelSizes kDeepseekV3{61, 7168, 128, 128, 128, 18432, 129280, false, 256, 2048};
constexpr ModelSizes kBertBase{12, 768, 12, 12, 64, 3072, 30522, false};

std::map<std::string, Shape> shapes_of(char const* family, ModelSizes const& sizes) {
  std::map<std::string, Shape> shapes;
  for (auto const& tensor : tensors_of(*find_family(family), sizes)) shapes.emplace(tensor.name, tensor.shape);
  return shapes;
}

TEST(Families, HaveAsManyParametersAsRealModels) {
  struct Case {
    char const* family;
    ModelSizes sizes;
    std::uint64_t parameters;
    std::size_t tensors;
  };
  for (auto const& [name, sizes, parameters, count] : std::vector<Case>{
           {"llama", kLlama3With8B, 8'030'261'248, 291},
           {"mistral", kMistral7B, 7'248'023'552, 291},
           {"qwen2", kQwen2With05B, 494'032'768, 290},
           {"qwen3", kQwen3With06B, 596'049'920, 310},
           {"bert", kBertBase, 109'482'240, 199},
           {"deepseek_v3", kDeepseekV3, 671'026'419'200, 45'395},
       }) {
    auto const& family = *find_family(name);
    auto const tensors = tensors_of(family, sizes);
    std::uint64_t total = 0;
    for (auto const& tensor : tensors) total += volume(tensor.shape);
    EXPECT_EQ(total, parameters) << name;
    EXPECT_EQ(parameters_of(family, sizes), parameters) << name;
    EXPECT_EQ(tensors.size(), count) << name;
  }
}

TEST(Families, NameAndShapeTensorsAsTransformersDoes) {
  auto const llama = shapes_of("llama", kLlama3With8B);
  EXPECT_EQ(llama.at("model.embed_tokens.weight"), (Shape{128256, 4096}));
  EXPECT_EQ(llama.at("model.layers.31.self_attn.k_proj.weight"), (Shape{1024, 4096}));
  EXPECT_EQ(llama.at("model.layers.0.self_attn.o_proj.weight"), (Shape{4096, 4096}));
  EXPECT_EQ(llama.at("model.layers.9.mlp.down_proj.weight"), (Shape{4096, 14336}));
  EXPECT_EQ(llama.at("lm_head.weight"), (Shape{128256, 4096}));
  EXPECT_FALSE(llama.contains("model.layers.0.self_attn.q_proj.bias"));

  auto const qwen2 = shapes_of("qwen2", kQwen2With05B);
  EXPECT_EQ(qwen2.at("model.layers.23.self_attn.k_proj.bias"), (Shape{128}));
  EXPECT_FALSE(qwen2.contains("lm_head.weight")) << "tied";
  EXPECT_EQ(shapes_of("qwen3", kQwen3With06B).at("model.layers.0.self_attn.q_proj.weight"), (Shape{2048, 1024}));
  EXPECT_EQ(shapes_of("qwen3", kQwen3With06B).at("model.layers.0.self_attn.q_norm.weight"), (Shape{128}));

  auto const deepseek = shapes_of("deepseek_v3", kDeepseekV3);
  EXPECT_EQ(deepseek.at("model.layers.2.mlp.gate_proj.weight"), (Shape{18432, 7168}));
  EXPECT_FALSE(deepseek.contains("model.layers.2.mlp.experts.0.up_proj.weight")) << "the first three layers are dense";
  EXPECT_FALSE(deepseek.contains("model.layers.3.mlp.gate_proj.weight"));
  EXPECT_EQ(deepseek.at("model.layers.60.mlp.experts.255.down_proj.weight"), (Shape{7168, 2048}));
  EXPECT_EQ(deepseek.at("model.layers.3.mlp.shared_experts.up_proj.weight"), (Shape{2048, 7168}));
  EXPECT_EQ(deepseek.at("model.layers.3.mlp.gate.e_score_correction_bias"), (Shape{256}));
  EXPECT_EQ(deepseek.at("model.layers.3.self_attn.q_b_proj.weight"), (Shape{24576, 1536}));
  EXPECT_EQ(deepseek.at("model.layers.3.self_attn.kv_a_proj_with_mqa.weight"), (Shape{576, 7168}));
  EXPECT_EQ(deepseek.at("model.layers.3.self_attn.kv_b_proj.weight"), (Shape{32768, 512}));
  EXPECT_EQ(deepseek.at("model.layers.3.self_attn.o_proj.weight"), (Shape{7168, 16384}));

  auto const bert = shapes_of("bert", kBertBase);
  EXPECT_EQ(bert.at("embeddings.position_embeddings.weight"), (Shape{512, 768}));
  EXPECT_EQ(bert.at("encoder.layer.11.intermediate.dense.weight"), (Shape{3072, 768}));
  EXPECT_EQ(bert.at("encoder.layer.0.output.dense.weight"), (Shape{768, 3072}));
  EXPECT_EQ(bert.at("encoder.layer.0.attention.self.query.bias"), (Shape{768}));
}

TEST(Families, DescribeThemselvesInConfigJson) {
  for (auto const& family : families()) {
    auto const json = nlohmann::json::parse(config_json(family, kQwen3With06B, DType::bf16));
    EXPECT_EQ(json.at("model_type"), family.name);
    EXPECT_EQ(json.at("architectures").at(0), family.architecture);
    EXPECT_EQ(json.at("hidden_size"), 1024);
    EXPECT_EQ(json.at("num_hidden_layers"), 28);
    EXPECT_EQ(json.at("torch_dtype"), "bfloat16");
    auto const kv_heads = family.experts != 0 ? kQwen3With06B.heads : family.kv_heads == 0 ? 0 : 8;
    EXPECT_EQ(json.value("num_key_value_heads", 0U), kv_heads) << family.name;
    EXPECT_EQ(json.contains("n_routed_experts"), family.experts != 0) << family.name;
    EXPECT_EQ(json.value("tie_word_embeddings", false), family.has_output_head) << family.name;
  }
}

}  // namespace
}  // namespace distload::synth
