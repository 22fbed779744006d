// Descriptions of quantized models: names, shapes and types by the formats of formats.yaml.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include <nlohmann/json.hpp>

#include "model_fixture.hpp"
#include "partition/describe_model.hpp"
#include "partition/rules/rule_directories.hpp"

namespace distload::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char const* kQuantizedLlama = R"({"model_type": "llama", "vocab_size": 1000, "hidden_size": 512,
  "num_attention_heads": 8, "num_key_value_heads": 2, "intermediate_size": 768, "num_hidden_layers": 1,
  "torch_dtype": "bfloat16"})";

FamilyRules rules_for(std::string const& config) { return find_rules({"auto", config, default_rule_directories()}); }

/// "suffix dtype shape" of what stores down_proj [512, 768] of a llama in a format.
std::vector<std::string> stored_down_proj(std::string const& format, std::string const& config = kQuantizedLlama) {
  auto const rules = rules_for(config);
  std::vector<std::string> lines;
  for (auto const& tensor : describe_model(rules, with_quantization(rules, config, format))) {
    auto const at = tensor.name.find("down_proj.");
    if (at == std::string::npos) continue;
    lines.push_back(tensor.name.substr(at + 10) + " " + std::string(name_of(tensor.dtype)) + " " +
                    to_string(tensor.shape));
  }
  std::ranges::sort(lines);
  return lines;
}

TEST(Quantized, HasTheTensorsOfEachFormat) {
  std::map<std::string, std::vector<std::string>> const expected{
      {"gptq", {"g_idx I32 [768]", "qweight I32 [96, 512]", "qzeros I32 [6, 64]", "scales F16 [6, 512]"}},
      {"awq", {"qweight I32 [768, 64]", "qzeros I32 [6, 64]", "scales F16 [6, 512]"}},
      {"w4a16", {"weight_packed I32 [512, 96]", "weight_scale BF16 [512, 24]", "weight_shape I64 [2]"}},
      {"w4a16-channels", {"weight_packed I32 [512, 96]", "weight_scale BF16 [512, 1]", "weight_shape I64 [2]"}},
      {"nvfp4",
       {"input_global_scale F32 [1]", "weight_global_scale F32 [1]", "weight_packed U8 [512, 384]",
        "weight_scale F8_E4M3 [512, 48]"}},
      {"modelopt-nvfp4",
       {"input_scale F32 []", "weight U8 [512, 384]", "weight_scale F8_E4M3 [512, 48]", "weight_scale_2 F32 []"}},
      {"fp8", {"weight F8_E4M3 [512, 768]", "weight_scale_inv F32 [4, 6]"}},
      {"fp8-tensors", {"input_scale F32 []", "weight F8_E4M3 [512, 768]", "weight_scale F32 []"}},
      {"modelopt-fp8", {"input_scale F32 []", "weight F8_E4M3 [512, 768]", "weight_scale F32 []"}},
      {"mxfp8", {"weight F8_E4M3 [512, 768]", "weight_scale_inv U8 [512, 24]"}},
      {"fp8-channels", {"weight F8_E4M3 [512, 768]", "weight_scale BF16 [512, 1]"}},
      {"fp8-blocks", {"weight F8_E4M3 [512, 768]", "weight_scale BF16 [4, 6]"}},
      {"fp8-static", {"input_scale BF16 [1]", "weight F8_E4M3 [512, 768]", "weight_scale BF16 [1]"}},
      {"int8", {"weight I8 [512, 768]", "weight_scale BF16 [512, 1]"}},
      {"bitsandbytes-int8", {"SCB F32 [512]", "weight I8 [512, 768]", "weight_format U8 []"}},
      {"mlx", {"biases BF16 [512, 12]", "scales BF16 [512, 12]", "weight U32 [512, 96]"}},
  };
  for (auto const& [format, lines] : expected) EXPECT_EQ(stored_down_proj(format), lines) << format;
}

/// What a checkpoint would have that a description says.
Catalog catalog_of(std::vector<TensorDescription> const& tensors) {
  Catalog catalog;
  catalog.path = "described";
  for (auto const& tensor : tensors) {
    catalog.tensors.push_back({.name = tensor.name, .dtype = tensor.dtype, .shape = tensor.shape, .partition = {}});
  }
  std::ranges::sort(catalog.tensors, {}, &TensorInfo::name);
  return catalog;
}

TEST(Quantized, IsLoadedByTheSameRules) {
  for (auto const* format :
       {"gptq", "awq", "w4a16", "w4a16-channels", "nvfp4", "modelopt-nvfp4", "fp8", "fp8-tensors", "modelopt-fp8",
        "mxfp8", "fp8-channels", "fp8-blocks", "fp8-static", "int8", "bitsandbytes-int8", "mlx"}) {
    auto const rules = rules_for(kQuantizedLlama);
    auto const config = with_quantization(rules, kQuantizedLlama, format);
    auto const catalog = catalog_of(describe_model(rules, config));
    auto const layout = partition_model(catalog, {2, 1, 1}, rules, config);
    EXPECT_EQ(layout.parameters.size(), catalog.tensors.size()) << format;
  }
}

TEST(Quantized, LeavesOutModulesEmbeddingsAndRouters) {
  auto const names = [](std::string const& ignored) {
    auto config = nlohmann::json::parse(R"({"model_type": "qwen3_moe", "vocab_size": 1000, "hidden_size": 512,
      "num_attention_heads": 8, "num_key_value_heads": 2, "intermediate_size": 768, "moe_intermediate_size": 256,
      "num_hidden_layers": 2, "num_experts": 2, "head_dim": 64,
      "quantization_config": {"quant_method": "compressed-tensors", "format": "pack-quantized", "config_groups":
      {"group_0": {"weights": {"num_bits": 4, "strategy": "group", "group_size": 32}}}}})");
    config["quantization_config"]["ignore"] = {ignored};
    std::vector<std::string> all;
    for (auto const& tensor : describe_model(rules_for(config.dump()), config.dump())) all.push_back(tensor.name);
    return all;
  };
  auto const all = names("lm_head");
  for (auto const* name :
       {"model.embed_tokens.weight", "lm_head.weight", "model.norm.weight", "model.layers.0.mlp.gate.weight",
        "model.layers.1.self_attn.q_proj.weight_packed", "model.layers.1.mlp.experts.1.up_proj.weight_packed",
        "model.layers.1.mlp.experts.1.up_proj.weight_shape"}) {
    EXPECT_THAT(all, Contains(name));
  }
  struct Case {
    char const* ignored;
    char const* weight;
  };
  for (auto const& [ignored, weight] : std::vector<Case>{
           {"re:.*self_attn.*", "model.layers.1.self_attn.q_proj"},
           {"model.layers.1.self_attn.q_proj", "model.layers.1.self_attn.q_proj"},
           {"model.layers.1", "model.layers.1.self_attn.q_proj"},
           {"model.layers.*.self_attn", "model.layers.1.self_attn.q_proj"},
           {"self_attn", "model.layers.1.self_attn.q_proj"},
           {"q_proj", "model.layers.1.self_attn.q_proj"},
       }) {
    auto const some = names(ignored);
    EXPECT_THAT(some, Contains(std::string(weight) + ".weight")) << ignored;
    EXPECT_THAT(some, Not(Contains(std::string(weight) + ".weight_packed"))) << ignored;
    EXPECT_THAT(some, Contains("model.layers.0.mlp.experts.0.up_proj.weight_packed")) << ignored;
  }
}

TEST(Quantized, CutsInterleavedExpertsOfGptOss) {
  std::string const config = R"({"model_type": "gpt_oss", "vocab_size": 100, "hidden_size": 64, "head_dim": 16,
    "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 96, "num_hidden_layers": 1,
    "num_local_experts": 2})";
  auto const rules = rules_for(config);
  auto const tensors = describe_model(rules, with_quantization(rules, config, "mxfp4"));
  auto const shape_of = [&](std::string const& name) {
    auto const found = std::ranges::find(tensors, name, &TensorDescription::name);
    return found == tensors.end() ? Shape{} : found->shape;
  };
  EXPECT_EQ(shape_of("model.layers.0.mlp.experts.gate_up_proj_blocks"), (Shape{2, 192, 2, 16}));
  EXPECT_EQ(shape_of("model.layers.0.mlp.experts.gate_up_proj_scales"), (Shape{2, 192, 2}));
  EXPECT_EQ(shape_of("model.layers.0.mlp.experts.down_proj_blocks"), (Shape{2, 64, 3, 16}));
  EXPECT_EQ(shape_of("model.layers.0.self_attn.q_proj.weight"), (Shape{64, 64}));
}

TEST(Quantized, NamesFormatsAndWeightsThatDoNotFit) {
  auto const rules = rules_for(kQuantizedLlama);
  EXPECT_THAT(config_error_of([&] { with_quantization(rules, kQuantizedLlama, "fp9"); }),
              AllOf(HasSubstr("fp9"), HasSubstr("awq"), HasSubstr("did you mean fp8")));
  auto config = nlohmann::json::parse(kQuantizedLlama);
  config["intermediate_size"] = 770;
  EXPECT_THAT(config_error_of([&] { describe_model(rules, with_quantization(rules, config.dump(), "awq")); }),
              AllOf(HasSubstr("up_proj"), HasSubstr("770 are no multiple")));
  config = nlohmann::json::parse(kQuantizedLlama);
  config["quantization_config"] = {{"quant_method", "quip"}};
  EXPECT_THAT(config_error_of([&] { describe_model(rules, config.dump()); }), HasSubstr("quip"));
}

}  // namespace
}  // namespace distload::testing
