// Headers, offsets and index of generated safetensors files.
#include "synth/file_layout.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <nlohmann/json.hpp>

namespace distload::synth {
namespace {

std::vector<SynthTensor> const kTensors{{"a", {10, 4}}, {"b", {3}}, {"c", {100}}, {"d", {5}}};

/// The JSON of a header, its length checked.
nlohmann::json json_of(FileLayout const& file) {
  std::uint64_t length = 0;
  std::memcpy(&length, file.header.data(), sizeof length);
  EXPECT_EQ(length + sizeof length, file.header.size());
  EXPECT_EQ(file.header.size() % 8, 0U);
  return nlohmann::json::parse(file.header.substr(sizeof length));
}

TEST(FileLayout, PutsASmallModelIntoOneFile) {
  auto const files = lay_out(kTensors, DType::bf16, 5000);
  ASSERT_EQ(files.size(), 1U);
  auto const& file = files.front();
  EXPECT_EQ(file.name, "model.safetensors");
  EXPECT_EQ(file.size_bytes, file.header.size() + 2 * (40 + 3 + 100 + 5));
  auto const json = json_of(file);
  EXPECT_EQ(json.at("c"), nlohmann::json::parse(R"({"dtype": "BF16", "shape": [100], "data_offsets": [86, 286]})"));
  EXPECT_EQ(file.tensors[2].offset_bytes, file.header.size() + 86);
  EXPECT_EQ(file.tensors[2].nbytes, 200U);
}

TEST(FileLayout, BeginsAnotherFileAtTheLimit) {
  // Bytes: 160, 12, 400, 20.
  auto const files = lay_out(kTensors, DType::f32, 172);
  ASSERT_EQ(files.size(), 3U);
  EXPECT_EQ(files[0].name, "model-00001-of-00003.safetensors");
  EXPECT_EQ(files[0].tensors.size(), 2U);
  EXPECT_EQ(files[1].tensors.size(), 1U) << "a tensor above the limit has a file of its own";
  EXPECT_EQ(files[2].tensors.size(), 1U);
  EXPECT_EQ(json_of(files[2]).at("d").at("data_offsets"), (std::vector<int>{0, 20}));

  auto const index = nlohmann::json::parse(index_json(files, kTensors));
  EXPECT_EQ(index.at("metadata").at("total_size"), 160 + 12 + 400 + 20);
  EXPECT_EQ(index.at("weight_map").size(), 4U);
  EXPECT_EQ(index.at("weight_map").at("c"), "model-00002-of-00003.safetensors");
}

}  // namespace
}  // namespace distload::synth
