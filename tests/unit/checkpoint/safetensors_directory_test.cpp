// safetensors files and indexed directories on disk.
#include "checkpoint/safetensors/directory.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <distload/base/error.hpp>

#include "checkpoint/catalog_message.hpp"
#include "checkpoint/safetensors/model_config_file.hpp"
#include "support/thrown_message.hpp"

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
    return thrown_message<E>([&] { read(); });
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
  EXPECT_NE(error_of<CorruptData>().find("weight_map is [], expected an object"), std::string::npos);
}

TEST_F(SafetensorsDirectory, NamesTheIndexAndThePlaceOfWhatIsWrongInIt) {
  write_tensors("model-1.safetensors", "b", 5);
  auto const file = (directory_ / "model.safetensors.index.json").string();
  struct Case {
    std::string text;
    char const* expected;
  };
  for (auto const& [text, expected] : std::vector<Case>{
           {"{\n", ": line 2, column 1: not JSON: expected a key in double quotes, but the text ends here"},
           {"{}", ": has no weight_map"},
           {R"({"weight_map":null})", ": has no weight_map"},
           {R"({"metadata":{},"weight_map":{}})", ": weight_map is empty: it names no tensor"},
           {R"({"weight_map":{"b":7}})", ": weight_map.b is 7, expected a text"},
           {"{\"weight_map\":{\"b\":\"model-1.safetensors\",\n\"b\":\"model-1.safetensors\"}}",
            ": line 2, column 1, at weight_map.b: the key occurs twice"},
           {R"({"weight_map":{"b":"a/model-1.safetensors"}})",
            ": weight_map.b: 'a/model-1.safetensors' is not the name"},
           {R"({"weight_map":{"b":"/model-1.safetensors"}})", ": weight_map.b: '/model-1.safetensors' is not the name"},
           {R"({"weight_map":{"b":".."}})", ": weight_map.b: '..' is not the name"},
           {R"({"weight_map":{"b":""}})", ": weight_map.b: '' is not the name"},
           {R"({"weight_map":{"b":"a\n\u001b[31m"}})", R"(: weight_map.b: 'a\n\x1B[31m' is not the name)"},
           {R"({"weight_map":{"b":")" + std::string(256, 'a') + R"("}})", "aaa...' is not the name"},
           {std::string(100'000, '['), ": line 1, column 65, at [0][0]"},
       }) {
    write("model.safetensors.index.json", text);
    auto const error = error_of<CorruptData>();
    EXPECT_TRUE(error.starts_with(file)) << text << "\n" << error;
    EXPECT_NE(error.find(expected), std::string::npos) << text << "\n" << error;
    EXPECT_LT(error.size(), 1000U);
  }
}

TEST_F(SafetensorsDirectory, NamesConfigJsonAndThePlaceOfWhatIsWrongInIt) {
  write_tensors("model.safetensors", "w", 5);
  auto const file = (directory_ / "config.json").string();
  for (auto const& [text, expected] : std::vector<std::pair<std::string, char const*>>{
           {"{\"a\": [1,\n x]}", ": line 2, column 2, at a[1]: not JSON: expected a value"},
           {"[]", ": not a JSON object"},
           {"", ": line 1, column 1: not JSON"},
           {"{\"a\":1,\"a\":2}", ": line 1, column 8, at a: the key occurs twice"},
           {std::string(100'000, '['), ": nested more than 64 deep"},
           {"{\"a\":" + std::string(5'000'000, ' ') + "1}", ": larger than 4 MiB"},
       }) {
    write("config.json", text);
    auto const error = error_of<CorruptData>();
    EXPECT_TRUE(error.starts_with(file)) << text.substr(0, 100) << "\n" << error;
    EXPECT_NE(error.find(expected), std::string::npos) << error;
  }
}

TEST_F(SafetensorsDirectory, ReadsConfigJsonAsPythonDoes) {
  write_tensors("model.safetensors", "w", 5);
  std::string const text = "\xEF\xBB\xBF{\"architectures\":[\"A\"],\"limit\":[0.0, Infinity, -Infinity, NaN, 1e400]}";
  write("config.json", text);
  auto const catalog = read();
  EXPECT_EQ(catalog.metadata.architecture, "A");
  EXPECT_EQ(catalog.metadata.config_json, text) << "verbatim";
  EXPECT_EQ(config_json_of(catalog), text);
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
    EXPECT_NE(error_of<CorruptData>(), "") << name;
  }
  write_tensors("model.safetensors", R"(a\u0000b)", 1);
  EXPECT_NE(error_of<CorruptData>().find("NUL"), std::string::npos);
}

}  // namespace
}  // namespace distload
