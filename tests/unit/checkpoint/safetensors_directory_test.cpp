// safetensors files and indexed directories on disk.
#include "checkpoint/safetensors/directory.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <distload/base/error.hpp>

namespace distload {
namespace {

namespace fs = std::filesystem;

class SafetensorsDirectory : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = fs::temp_directory_path() /
                 ("distload-st-" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(directory_);
    fs::create_directories(directory_);
  }
  void TearDown() override { fs::remove_all(directory_); }

  void write(std::string const& name, std::string const& text) const {
    std::ofstream(directory_ / name, std::ios::binary) << text;
  }

  /// A file with one F32 vector of `count` elements.
  void write_tensors(std::string const& file, std::string const& tensor, int count) const {
    auto const header = R"({")" + tensor + R"(":{"dtype":"F32","shape":[)" + std::to_string(count) +
                        R"(],"data_offsets":[0,)" + std::to_string(4 * count) + "]}}";
    std::uint64_t const size = header.size();
    write(file, std::string(reinterpret_cast<char const*>(&size), 8) + header +
                    std::string(static_cast<std::size_t>(4 * count), 'x'));
  }

  Catalog read() const { return read_safetensors_catalog(directory_); }

  template <class E>
  std::string error_of() const {
    try {
      read();
    } catch (E const& error) {
      return error.what();
    }
    return "no such error";
  }

  fs::path directory_;
};

TEST_F(SafetensorsDirectory, ReadsASingleFileWithItsConfig) {
  write_tensors("model.safetensors", "w", 5);
  write("config.json", R"({"architectures":["LlamaForCausalLM"],"model_type":"llama"})");
  auto const catalog = read();
  ASSERT_EQ(catalog.tensors.size(), 1U);
  EXPECT_EQ(catalog.extents[0].offset_bytes,
            8 + std::string(R"({"w":{"dtype":"F32","shape":[5],"data_offsets":[0,20]}})").size());
  EXPECT_EQ(catalog.extents[0].nbytes, 20U);
  EXPECT_FALSE(catalog.extents[0].has_checksums());
  EXPECT_EQ(catalog.metadata.architecture, "LlamaForCausalLM");
  EXPECT_EQ(catalog.metadata.model_name, directory_.filename());
  EXPECT_EQ(catalog.metadata.model_size, 5U);
}

TEST_F(SafetensorsDirectory, ReadsTheFilesOfAnIndex) {
  write_tensors("model-1.safetensors", "b", 5);
  write_tensors("model-2.safetensors", "a", 7);
  write("model.safetensors.index.json",
        R"({"metadata":{},"weight_map":{"b":"model-1.safetensors","a":"model-2.safetensors"}})");
  auto const catalog = read();
  ASSERT_EQ(catalog.tensors.size(), 2U);
  EXPECT_EQ(catalog.tensors[0].name, "a");
  EXPECT_EQ(catalog.files[catalog.extents[0].file].path, directory_ / "model-2.safetensors");
  EXPECT_EQ(deserialize_catalog(serialize(catalog)).find("b")->shape, (Shape{5}));
}

TEST_F(SafetensorsDirectory, RefusesAnIndexThatContradictsItsFiles) {
  write_tensors("model-1.safetensors", "b", 5);
  write("model.safetensors.index.json", R"({"weight_map":{"b":"model-1.safetensors","a":"model-1.safetensors"}})");
  EXPECT_NE(error_of<CorruptData>().find("says that a is in model-1.safetensors, which does not hold it"),
            std::string::npos);
  write("model.safetensors.index.json", R"({"weight_map":{"b":"model-2.safetensors"}})");
  EXPECT_NE(error_of<NoValidCheckpoint>().find("model-2.safetensors"), std::string::npos);
  write("model.safetensors.index.json", R"({"weight_map":{"b":"../model-1.safetensors"}})");
  EXPECT_NE(error_of<CorruptData>().find("is not the name of a file in this directory"), std::string::npos);
  write("model.safetensors.index.json", R"({"weight_map":[]})");
  EXPECT_NE(error_of<CorruptData>().find("has no weight_map"), std::string::npos);
  write("model.safetensors.index.json", "{");
  EXPECT_NE(error_of<CorruptData>().find("has no weight_map"), std::string::npos);
}

TEST_F(SafetensorsDirectory, RefusesFilesThatAreCutShort) {
  write("model.safetensors", "abc");
  EXPECT_NE(error_of<CorruptData>().find("cut short"), std::string::npos);
  write("model.safetensors", std::string("\xff\0\0\0\0\0\0\0{", 9));
  EXPECT_NE(error_of<CorruptData>().find("ends inside its header"), std::string::npos);
  write("model.safetensors", std::string("\0\0\0\0\0\0\0\x80{", 9));
  EXPECT_NE(error_of<CorruptData>().find("at most 100000000 are allowed"), std::string::npos);
}

TEST_F(SafetensorsDirectory, RefusesHarmfulNames) {
  for (auto const* const name : {"a/b", "/a", "..", "a..b"}) {
    write_tensors("model.safetensors", name, 1);
    EXPECT_NE(error_of<CorruptData>(), "no such error") << name;
  }
  write_tensors("model.safetensors", R"(a\u0000b)", 1);
  EXPECT_NE(error_of<CorruptData>().find("NUL"), std::string::npos);
}

}  // namespace
}  // namespace distload
