// Headers, offsets and index of safetensors files.
#include "checkpoint/safetensors/file_layout.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include <distload/base/error.hpp>

namespace distload {
namespace {

/// Bytes in F32: 160, 12, 400, 20.
std::vector<SafetensorsTensor> tensors_of(DType dtype) {
  return {{"a", dtype, {10, 4}}, {"b", dtype, {3}}, {"c", dtype, {100}}, {"d", dtype, {5}}};
}

/// The JSON of a header, its length checked.
nlohmann::json json_of(SafetensorsFile const& file) {
  std::uint64_t length = 0;
  std::memcpy(&length, file.header.data(), sizeof length);
  EXPECT_EQ(length + sizeof length, file.header.size());
  EXPECT_EQ(file.header.size() % 8, 0U);
  return nlohmann::json::parse(file.header.substr(sizeof length));
}

TEST(SafetensorsFileLayout, PutsASmallModelIntoOneFile) {
  auto const files = lay_out_safetensors(tensors_of(DType::bf16), 5000);
  ASSERT_EQ(files.size(), 1U);
  auto const& file = files.front();
  EXPECT_EQ(file.name, "model.safetensors");
  EXPECT_EQ(file.size_bytes, file.header.size() + 2 * (40 + 3 + 100 + 5));
  auto const json = json_of(file);
  EXPECT_EQ(json.at("c"), nlohmann::json::parse(R"({"dtype": "BF16", "shape": [100], "data_offsets": [86, 286]})"));
  EXPECT_EQ(file.tensors[2].offset_bytes, file.header.size() + 86);
  EXPECT_EQ(file.tensors[2].nbytes, 200U);
}

TEST(SafetensorsFileLayout, BeginsAnotherFileAtTheLimit) {
  auto const tensors = tensors_of(DType::f32);
  auto const files = lay_out_safetensors(tensors, 172);
  ASSERT_EQ(files.size(), 3U);
  EXPECT_EQ(files[0].name, "model-00001-of-00003.safetensors");
  EXPECT_EQ(files[0].tensors.size(), 2U);
  EXPECT_EQ(files[1].tensors.size(), 1U) << "a tensor above the limit has a file of its own";
  EXPECT_EQ(files[2].tensors.size(), 1U);
  EXPECT_EQ(json_of(files[2]).at("d").at("data_offsets"), (std::vector<int>{0, 20}));

  auto const index = nlohmann::json::parse(safetensors_index(files, tensors));
  EXPECT_EQ(index.at("metadata").at("total_size"), 160 + 12 + 400 + 20);
  EXPECT_EQ(index.at("weight_map").size(), 4U);
  EXPECT_EQ(index.at("weight_map").at("c"), "model-00002-of-00003.safetensors");
}

TEST(SafetensorsFileLayout, OrdersTensorsAsTheSafetensorsLibraryDoes) {
  std::vector<SafetensorsTensor> const tensors{{"a", DType::boolean, {3}}, {"b", DType::f8_e4m3, {5}},
                                               {"z", DType::bf16, {2}},    {"c", DType::bf16, {1}},
                                               {"d", DType::f32, {1}},     {"e", DType::i64, {}}};
  auto const file = lay_out_safetensors(tensors, 5000).front();
  std::string order;
  Bytes at = file.header.size();
  for (auto const& placed : file.tensors) {
    order += tensors[placed.tensor].name;
    EXPECT_EQ(placed.offset_bytes, at) << tensors[placed.tensor].name;
    at += placed.nbytes;
  }
  EXPECT_EQ(order, "edczba");
  EXPECT_EQ(at, file.size_bytes);
  EXPECT_EQ(json_of(file).at("__metadata__").at("format"), "pt");
  EXPECT_TRUE(json_of(file).at("e").at("shape").empty());
}

TEST(SafetensorsFileLayout, StatesShapesInNumbers) {
  std::vector<SafetensorsTensor> const tensors{{"four", DType::f4, {3, 4}}, {"six", DType::f6_e2m3, {3, 4}}};
  auto const file = lay_out_safetensors(tensors, 5000).front();
  EXPECT_EQ(json_of(file).at("four").at("shape"), (std::vector<int>{3, 8}));
  EXPECT_EQ(json_of(file).at("six").at("shape"), (std::vector<int>{3, 16}));
  EXPECT_EQ(file.tensors[0].nbytes + file.tensors[1].nbytes, 12U + 36U);
}

TEST(SafetensorsFileLayout, RefusesNamesThatAHeaderCannotHold) {
  EXPECT_TRUE(is_safetensors_name("quoted \"name\""));
  EXPECT_FALSE(is_safetensors_name("__metadata__"));
  EXPECT_FALSE(is_safetensors_name("not UTF-8: \xff"));
}

}  // namespace
}  // namespace distload
