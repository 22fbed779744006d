// Quantized weights of a family whose rules say nothing of formats: which part of every stored tensor a rank gets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "model_fixture.hpp"
#include "partition/rules/rule_reader.hpp"

namespace distload::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char const* kPlainFamily = R"(
sizes: {layers: 1, heads: 4, kv_heads: 2, head_dim: 32, hidden: 128, intermediate: 192}
rules:
  - {match: "h.{layer}.q.{weight,bias}", partition: column_parallel, shape: [any, hidden], heads: heads}
  - {match: "h.{layer}.k.weight", partition: column_parallel, shape: [any, hidden], heads: kv_heads, replicate: true}
  - {match: "h.{layer}.up.weight", partition: column_parallel, shape: [intermediate, hidden], uneven: true}
  - {match: "h.{layer}.down.weight", partition: row_parallel, shape: [hidden, intermediate], uneven: true}
  - {match: "h.{layer}.experts.up", partition: column_parallel, axis: 2, shape: [4, hidden, 2 * intermediate], unit: 2, uneven: true}
  - {match: "h.{layer}.experts.down", partition: row_parallel, axis: 1, shape: [4, intermediate, hidden], uneven: true}
required: ["h.{layer}.q.weight"]
)";

struct StoredTensor {
  char const* name;
  DType dtype;
  Shape shape;
};

class QuantizedModel {
 public:
  QuantizedModel(std::string quantization, std::vector<StoredTensor> const& tensors)
      : config_(std::move(quantization)) {
    std::vector<NamedShape> shapes;
    for (auto const& tensor : tensors) shapes.emplace_back(tensor.name, tensor.shape);
    catalog_ = make_catalog(shapes, 1);
    for (auto const& tensor : tensors) {
      std::ranges::find(catalog_.tensors, std::string(tensor.name), &TensorInfo::name)->dtype = tensor.dtype;
    }
    options.missing = Tolerance::ignore;
  }

  ModelLayout layout(std::uint32_t ranks) const {
    return partition_model(catalog_, Topology{ranks, 1, 1, 1}, rules_of(kPlainFamily), config_, options);
  }
  Shape shard(std::string const& name, std::uint32_t ranks, std::uint32_t rank = 0) const {
    auto const parameter = parameter_of(catalog_, layout(ranks), name);
    return shard_layout(parameter.partition, catalog_.tensors[parameter.tensor].shape, rank, ranks).shape;
  }
  std::string error(std::uint32_t ranks) const {
    return config_error_of([&] { layout(ranks); });
  }

  LayoutOptions options;

 private:
  std::string config_;
  Catalog catalog_;
};

std::vector<StoredTensor> gptq() {
  return {{"h.0.q.qweight", DType::i32, {16, 128}}, {"h.0.q.qzeros", DType::i32, {4, 16}},
          {"h.0.q.scales", DType::f16, {4, 128}},   {"h.0.q.g_idx", DType::i32, {128}},
          {"h.0.q.bias", DType::f16, {128}},        {"h.0.k.qweight", DType::i32, {16, 64}},
          {"h.0.k.scales", DType::f16, {4, 64}},    {"h.0.down.qweight", DType::i32, {24, 128}},
          {"h.0.down.qzeros", DType::i32, {6, 16}}, {"h.0.down.scales", DType::f16, {6, 128}},
          {"h.0.down.g_idx", DType::i32, {192}},    {"h.0.up.weight", DType::f16, {192, 128}}};
}

TEST(Formats, CutGptqAlongOutputsAndInputs) {
  QuantizedModel model(
      R"({"quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": 32, "desc_act": false}})", gptq());
  model.options.missing = Tolerance::error;
  EXPECT_EQ(model.shard("h.0.q.qweight", 2), (Shape{16, 64}));
  EXPECT_EQ(model.shard("h.0.q.qzeros", 2), (Shape{4, 8}));
  EXPECT_EQ(model.shard("h.0.q.scales", 2), (Shape{4, 64}));
  EXPECT_EQ(model.shard("h.0.q.g_idx", 2), (Shape{128}));
  EXPECT_EQ(model.shard("h.0.q.bias", 2), (Shape{64}));
  EXPECT_EQ(model.shard("h.0.k.qweight", 2), (Shape{16, 32}));
  EXPECT_EQ(model.shard("h.0.down.qweight", 2), (Shape{12, 128}));
  EXPECT_EQ(model.shard("h.0.down.qzeros", 2), (Shape{3, 16}));
  EXPECT_EQ(model.shard("h.0.down.g_idx", 2), (Shape{96}));
}

TEST(Formats, RefuseGroupsThatRanksDivideUnlessUneven) {
  QuantizedModel model(R"({"quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": 32}})", gptq());
  EXPECT_THAT(model.error(4), AllOf(HasSubstr("a scale for every 32 elements along axis 1, but with 4"),
                                    HasSubstr("h.0.down.qweight [24, 128]")));
  model.options.uneven = true;
  EXPECT_EQ(model.shard("h.0.down.qweight", 4, 0), (Shape{8, 128})) << "2, 2, 1 and 1 groups of 4";
  EXPECT_EQ(model.shard("h.0.down.qweight", 4, 3), (Shape{4, 128}));
  EXPECT_EQ(model.shard("h.0.down.scales", 4, 0), (Shape{2, 128}));
  EXPECT_EQ(model.shard("h.0.down.g_idx", 4, 3), (Shape{32}));
  EXPECT_EQ(model.shard("h.0.up.weight", 4, 0), (Shape{64, 128})) << "the outputs that down needs";
  EXPECT_EQ(model.shard("h.0.up.weight", 4, 3), (Shape{32, 128}));
}

TEST(Formats, RefuseToCutActOrderByRows) {
  auto const* const config =
      R"({"text_config": {"quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": 32, "desc_act": true}}})";
  QuantizedModel const model(config, gptq());
  EXPECT_THAT(model.error(2), AllOf(HasSubstr("gptq cannot be cut along the weight's inputs: with desc_act"),
                                    HasSubstr("h.0.down.qweight")));
  EXPECT_EQ(model.error(1), "");
}

TEST(Formats, KnowAwq) {
  QuantizedModel const model(R"({"quantization_config": {"quant_method": "awq", "bits": 4, "group_size": 32}})",
                             {{"h.0.q.qweight", DType::i32, {128, 16}},
                              {"h.0.q.qzeros", DType::i32, {4, 16}},
                              {"h.0.q.scales", DType::f16, {4, 128}},
                              {"h.0.down.qweight", DType::i32, {192, 16}},
                              {"h.0.down.scales", DType::f16, {6, 128}}});
  EXPECT_EQ(model.shard("h.0.q.qweight", 2), (Shape{128, 8}));
  EXPECT_EQ(model.shard("h.0.q.qzeros", 2), (Shape{4, 8}));
  EXPECT_EQ(model.shard("h.0.down.qweight", 2), (Shape{96, 16}));
  EXPECT_EQ(model.shard("h.0.down.scales", 2), (Shape{3, 128}));
}

TEST(Formats, KnowCompressedTensors) {
  QuantizedModel const packed(
      R"({"quantization_config": {"format": "pack-quantized", "config_groups": {"group_0": {"weights": {"num_bits": 8}}}}})",
      {{"h.0.q.weight_packed", DType::i32, {128, 32}},
       {"h.0.q.weight_scale", DType::bf16, {128, 4}},
       {"h.0.q.weight_shape", DType::i64, {2}},
       {"h.0.q.weight_zero_point", DType::i32, {32, 4}},
       {"h.0.down.weight_packed", DType::i32, {128, 48}},
       {"h.0.down.weight_scale", DType::bf16, {128, 6}}});
  EXPECT_EQ(packed.shard("h.0.q.weight_packed", 2), (Shape{64, 32}));
  EXPECT_EQ(packed.shard("h.0.q.weight_zero_point", 2), (Shape{16, 4}));
  EXPECT_EQ(packed.shard("h.0.q.weight_shape", 2), (Shape{2}));
  EXPECT_EQ(packed.shard("h.0.down.weight_packed", 2), (Shape{128, 24}));
  EXPECT_EQ(packed.shard("h.0.down.weight_scale", 2), (Shape{128, 3}));
  QuantizedModel const four_bits("{}", {{"h.0.q.weight_packed", DType::u8, {128, 64}},
                                        {"h.0.q.weight_scale", DType::f8_e4m3, {128, 8}},
                                        {"h.0.q.weight_global_scale", DType::f32, {1}},
                                        {"h.0.q.input_global_scale", DType::f32, {1}}});
  EXPECT_EQ(four_bits.shard("h.0.q.weight_packed", 4), (Shape{32, 64}));
  EXPECT_EQ(four_bits.shard("h.0.q.weight_scale", 4), (Shape{32, 8}));
  EXPECT_EQ(four_bits.shard("h.0.q.input_global_scale", 4), (Shape{1}));
}

TEST(Formats, UnpackWeightsThatKeepTheirNames) {
  QuantizedModel const modelopt("{}", {{"h.0.down.weight", DType::u8, {128, 96}},
                                       {"h.0.down.weight_scale", DType::f8_e4m3, {128, 12}},
                                       {"h.0.down.weight_scale_2", DType::f32, {}},
                                       {"h.0.down.input_scale", DType::f32, {}},
                                       {"h.0.up.weight", DType::bf16, {192, 128}}});
  EXPECT_EQ(modelopt.shard("h.0.down.weight", 4), (Shape{128, 24}));
  EXPECT_EQ(modelopt.shard("h.0.down.weight_scale", 4), (Shape{128, 3}));
  EXPECT_EQ(modelopt.shard("h.0.up.weight", 4), (Shape{48, 128})) << "not quantized";
  QuantizedModel const mlx(R"({"quantization": {"group_size": 64, "bits": 4}})",
                           {{"h.0.down.weight", DType::u32, {128, 24}},
                            {"h.0.down.scales", DType::bf16, {128, 3}},
                            {"h.0.down.biases", DType::bf16, {128, 3}}});
  EXPECT_EQ(mlx.shard("h.0.down.weight", 3), (Shape{128, 8}));
  EXPECT_EQ(mlx.shard("h.0.down.biases", 3), (Shape{128, 1}));
  QuantizedModel const int8("{}", {{"h.0.q.weight", DType::i8, {128, 128}},
                                   {"h.0.q.SCB", DType::f32, {128}},
                                   {"h.0.q.weight_format", DType::u8, {}}});
  EXPECT_EQ(int8.shard("h.0.q.SCB", 4), (Shape{32}));
}

TEST(Formats, CutMxfp4ExpertsByMeaningWhateverTheOrderOfTheAxes) {
  QuantizedModel model("{}", {{"h.0.experts.up_blocks", DType::u8, {4, 384, 4, 16}},
                              {"h.0.experts.up_scales", DType::u8, {4, 384, 4}},
                              {"h.0.experts.down_blocks", DType::u8, {4, 128, 6, 16}},
                              {"h.0.experts.down_scales", DType::u8, {4, 128, 6}}});
  EXPECT_EQ(model.shard("h.0.experts.up_blocks", 2), (Shape{4, 192, 4, 16}));
  EXPECT_EQ(model.shard("h.0.experts.down_blocks", 2), (Shape{4, 128, 3, 16}));
  EXPECT_EQ(model.shard("h.0.experts.down_scales", 2), (Shape{4, 128, 3}));
  EXPECT_NE(model.error(4), "");
  model.options.uneven = true;
  EXPECT_EQ(model.shard("h.0.experts.down_blocks", 4, 3), (Shape{4, 128, 1, 16}));
  EXPECT_EQ(model.shard("h.0.experts.up_blocks", 4, 3), (Shape{4, 64, 4, 16})) << "gate and up of 32 inputs of down";
}

TEST(Formats, PackNumbersAcrossTheStoredOnes) {
  std::string const config = R"({"quantization_config": {"quant_method": "gptq", "bits": 3, "group_size": 32}})";
  QuantizedModel const columns(config, {{"h.0.q.qweight", DType::i32, {12, 128}},
                                        {"h.0.q.qzeros", DType::i32, {4, 12}},
                                        {"h.0.k.qweight", DType::i32, {12, 64}},
                                        {"h.0.k.qzeros", DType::i32, {4, 6}}});
  EXPECT_EQ(columns.shard("h.0.q.qweight", 4), (Shape{12, 32}));
  EXPECT_EQ(columns.shard("h.0.q.qzeros", 4), (Shape{4, 3}));
  EXPECT_EQ(columns.shard("h.0.k.qzeros", 4), (Shape{4, 3})) << "a head of 32";
  QuantizedModel const rows(config,
                            {{"h.0.down.qweight", DType::i32, {18, 128}}, {"h.0.down.scales", DType::f16, {6, 128}}});
  EXPECT_EQ(rows.shard("h.0.down.qweight", 2), (Shape{9, 128}));
  EXPECT_THAT(rows.error(4), HasSubstr("32 of the weight's elements along axis 1 are stored in 3"));
  QuantizedModel const mlx(R"({"quantization": {"group_size": 64, "bits": 6}})",
                           {{"h.0.down.weight", DType::u32, {128, 36}}, {"h.0.down.scales", DType::bf16, {128, 3}}});
  EXPECT_EQ(mlx.shard("h.0.down.weight", 3), (Shape{128, 12}));
  EXPECT_EQ(mlx.shard("h.0.down.scales", 3), (Shape{128, 1}));
  QuantizedModel const damaged(
      R"({"quantization": {"group_size": 64, "bits": 6}})",
      {{"h.0.down.weight", DType::u32, {128, 35}}, {"h.0.down.scales", DType::bf16, {128, 3}}});
  EXPECT_THAT(damaged.error(1), HasSubstr("in the format mlx, axis 1 has a multiple of 3 elements"));
}

TEST(Formats, KnowModulesWithBitsOfTheirOwnByTheirShape) {
  QuantizedModel const gptq(R"({"quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": 32}})",
                            {{"h.0.q.qweight", DType::i32, {16, 128}},
                             {"h.0.q.qzeros", DType::i32, {4, 16}},
                             {"h.0.k.qweight", DType::i32, {32, 64}},
                             {"h.0.k.qzeros", DType::i32, {4, 16}},
                             {"h.0.down.qweight", DType::i32, {48, 128}},
                             {"h.0.down.scales", DType::f16, {6, 128}}});
  EXPECT_EQ(gptq.shard("h.0.q.qzeros", 2), (Shape{4, 8}));
  EXPECT_EQ(gptq.shard("h.0.k.qzeros", 2), (Shape{4, 8})) << "8 bits";
  EXPECT_EQ(gptq.shard("h.0.down.qweight", 2), (Shape{24, 128}));
  EXPECT_EQ(gptq.shard("h.0.down.scales", 2), (Shape{3, 128}));
  QuantizedModel const none_fits(
      R"({"quantization": {"group_size": 64, "bits": 4}})",
      {{"h.0.down.weight", DType::u32, {128, 25}}, {"h.0.down.scales", DType::bf16, {128, 3}}});
  EXPECT_THAT(none_fits.error(1), HasSubstr("config.json asks for 192 elements (intermediate) along axis 1, but there "
                                            "are 200"));
}

TEST(Formats, RefuseSizesByModuleThatAreNone) {
  auto const error = [](std::string const& by_module) {
    auto const text = std::string(kPlainFamily) + R"(
formats:
  mine: {sizes: {bits: 4}, by_module: )" +
                      by_module + R"(, weight: {name: "*.w", of: "*.weight", dtype: U8, shape: [out, in / 2]}}
)";
    return config_error_of([&] { rules::read_rules(rules_of(text)); });
  };
  EXPECT_THAT(error("{groups: [1]}"), HasSubstr("`groups` is none of the format's sizes"));
  EXPECT_THAT(error("{bits: [0]}"), HasSubstr("`0` is no number from 1 to 1024"));
  EXPECT_THAT(error("{bits: [4x]}"), HasSubstr("`4x` is no number from 1 to 1024"));
  EXPECT_THAT(error("[bits]"), HasSubstr("one size and a list of its values"));
}

TEST(Formats, SayWhatFitsTheRanksAndWhichFormatItIs) {
  QuantizedModel const act_order(
      R"({"quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": 32, "desc_act": true}})", gptq());
  EXPECT_THAT(act_order.error(2), HasSubstr("\n  tensor_parallel could be 1"));
  EXPECT_THAT(act_order.error(2), Not(HasSubstr("could be 1,")));
  QuantizedModel const groups(R"({"quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": 32}})",
                              {{"h.0.down.qweight", DType::i32, {24, 128}}, {"h.0.down.scales", DType::f16, {6, 128}}});
  EXPECT_THAT(groups.error(4), AllOf(HasSubstr("format gptq: there is a scale for every 32 elements along axis 1"),
                                     HasSubstr("\n  tensor_parallel could be 1, 2, 3, 6")));
}

TEST(Formats, KnowWhatAutoRoundAndModelOptPack) {
  std::vector<StoredTensor> const columns{{"h.0.q.qweight", DType::i32, {128, 16}},
                                          {"h.0.q.qzeros", DType::i32, {4, 16}}};
  std::string const awq = R"({"quantization_config": {"quant_method": "auto-round", "bits": 4, "packing_format": ")";
  EXPECT_EQ(QuantizedModel(awq + "auto_round:auto_awq\"}}", columns).shard("h.0.q.qweight", 4), (Shape{128, 4}));
  EXPECT_THAT(QuantizedModel(awq + "auto_round:auto_gptq\"}}", columns).error(4), HasSubstr("h.0.q.qweight"));
  QuantizedModel const rows(R"({"quantization_config": {"quant_algo": "W4A16_AWQ"}})",
                            {{"h.0.q.weight", DType::u8, {64, 128}},
                             {"h.0.q.weight_scale", DType::f32, {128, 4}},
                             {"h.0.q.pre_quant_scale", DType::bf16, {128}}});
  EXPECT_EQ(rows.shard("h.0.q.weight", 4), (Shape{16, 128}));
  EXPECT_EQ(rows.shard("h.0.q.weight_scale", 4), (Shape{32, 4}));
  EXPECT_EQ(rows.shard("h.0.q.pre_quant_scale", 4), (Shape{128}));
}

TEST(Formats, AreSeenBehindPrefixes) {
  struct Named {
    char const* weight;
    char const* scale;
    char const* method;
  };
  for (auto const& named : {Named{"h.0.q.qweight", "h.0.q.scales", "gptq"},
                            {"h.0.q.qweight", "h.0.q.scales", "awq"},
                            {"h.0.q.weight_packed", "h.0.q.weight_scale", "compressed-tensors"}}) {
    for (std::string const prefix : {"_orig_mod.", "module.", "base_model.model."}) {
      auto const weight = prefix + named.weight;
      auto const scale = prefix + named.scale;
      QuantizedModel model(
          R"({"quantization_config": {"bits": 4, "quant_method": ")" + std::string(named.method) + "\"}}",
          {{weight.c_str(), DType::i32, {16, 128}}, {scale.c_str(), DType::f16, {4, 128}}});
      model.options.missing = Tolerance::error;
      EXPECT_THAT(model.error(1), AllOf(HasSubstr("the names of 2 of 2 tensors begin with " + prefix),
                                        HasSubstr("model.strip_prefix: " + prefix + " removes it")))
          << named.method;
    }
  }
}

TEST(Formats, ShareWholeHeadsAmongRanks) {
  QuantizedModel const model(R"({"quantization_config": {"quant_method": "gptq", "bits": 4}})",
                             {{"h.0.k.qweight", DType::i32, {16, 64}}, {"h.0.k.qzeros", DType::i32, {4, 8}}});
  EXPECT_EQ(model.shard("h.0.k.qweight", 8, 3), (Shape{16, 32}));
  EXPECT_EQ(model.shard("h.0.k.qzeros", 8, 3), (Shape{4, 4}));
}

TEST(Formats, RefuseBitsandbytes4Bit) {
  QuantizedModel const model("{}", {{"h.0.q.weight", DType::u8, {8192, 1}},
                                    {"h.0.q.weight.absmax", DType::f32, {256}},
                                    {"h.0.q.weight.quant_map", DType::f32, {16}},
                                    {"h.0.q.weight.quant_state.bitsandbytes__nf4", DType::u8, {90}}});
  EXPECT_THAT(model.error(2), AllOf(HasSubstr("bitsandbytes 4-bit cannot be cut"), HasSubstr("h.0.q.weight")));
}

}  // namespace
}  // namespace distload::testing
