// The config.json that a checkpoint is given when it is written.
#include "checkpoint/safetensors/model_config_file.hpp"

#include <gtest/gtest.h>

namespace distload {
namespace {

/// A checkpoint with 8 elements of `most`, 2 of FP8 and one F32 scale.
Catalog checkpoint_of(DType most, std::string config_json) {
  Catalog catalog;
  catalog.metadata.config_json = std::move(config_json);
  catalog.tensors = {{"a", most, {2, 4}, 0, 0, "", -1}, {"b", DType::f8_e4m3, {2}, 0, 0, "", -1}};
  return catalog;
}

TEST(ConfigJsonOf, IsVerbatimWhereItIsTrue) {
  for (std::string const text : {R"({"dtype":"bfloat16", "z": 1,"a":2})", R"({ "torch_dtype" : "bfloat16" })",
                                 R"({"dtype": "auto"})", R"({"hidden": 3})", "", "no JSON"}) {
    EXPECT_EQ(config_json_of(checkpoint_of(DType::bf16, text)), text);
  }
}

TEST(ConfigJsonOf, NamesTheTypeAfterACast) {
  EXPECT_EQ(config_json_of(checkpoint_of(DType::f16, R"({"z": 1, "dtype": "bfloat16", "a": [2]})")),
            R"({"z": 1, "dtype": "float16", "a": [2]})");
  EXPECT_EQ(config_json_of(checkpoint_of(DType::f32, R"({"text_config": {"torch_dtype": "float16"}})")),
            R"({"text_config": {"torch_dtype": "float32"}})");
  EXPECT_EQ(config_json_of(checkpoint_of(DType::f32, R"([{"dtype": "float16"}])")), R"([{"dtype": "float16"}])");
}

TEST(ConfigJsonOf, KeepsEverythingElseAsItIsWritten) {
  std::string const before = "\xEF\xBB\xBF{ \"time_step_limit\": [0.0, Infinity], \"x\": NaN,\r\n \"dtype\":";
  std::string const after = ",\t\"big\": 1e400, \"dtype_of\": \"bfloat16\" }\n";
  EXPECT_EQ(config_json_of(checkpoint_of(DType::f16, before + R"("bfloat\u00316")" + after)),
            before + R"("float16")" + after);
}

TEST(ConfigJsonOf, SaysNothingAboutTypesThatModelsDoNotComputeIn) {
  std::string const text = R"({"dtype": "bfloat16"})";
  EXPECT_EQ(config_json_of(checkpoint_of(DType::i8, text)), text);
}

}  // namespace
}  // namespace distload
