// safetensors files and indexed directories on disk.
#include "checkpoint/safetensors/directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <distload/base/error.hpp>

#include "checkpoint/catalog_message.hpp"
#include "checkpoint/safetensors/find_shards.hpp"
#include "checkpoint/safetensors/model_config_file.hpp"
#include "support/thrown_message.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

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

  static std::vector<std::string> names(Catalog const& catalog) {
    std::vector<std::string> all;
    for (auto const& tensor : catalog.tensors) all.push_back(tensor.name);
    return all;
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

TEST_F(SafetensorsDirectory, RefusesAnIndexOfOtherFiles) {
  write_tensors("model-1.safetensors", "b", 5);
  write("model.safetensors.index.json", R"({"weight_map":{"b":"model-2.safetensors"}})");
  EXPECT_THAT(error_of<NoValidCheckpoint>(),
              AllOf(HasSubstr("model-2.safetensors: No such file"), HasSubstr("the model is not complete")));
  write("model.safetensors.index.json", R"({"weight_map":{"b":"../model-1.safetensors"}})");
  EXPECT_NE(error_of<CorruptData>().find("is not the name of a file in this directory"), std::string::npos);
  write("model.safetensors.index.json", R"({"weight_map":[]})");
  EXPECT_NE(error_of<CorruptData>().find("weight_map is [], expected an object"), std::string::npos);
}

TEST_F(SafetensorsDirectory, TakesOnlyWhatTheIndexLists) {
  write_tensors("model-1.safetensors", "a", 1);
  write_tensors("model-2.safetensors", "b", 2);
  write_tensors("model-3.safetensors", "b", 3);
  write_tensors("model-4.safetensors", "stale", 4);
  write_tensors("model-5.safetensors", "c", 5);
  write("model.safetensors.index.json",
        R"({"weight_map":{"a":"model-1.safetensors","b":"model-3.safetensors","z":"model-2.safetensors",)"
        R"("y":"model-4.safetensors"}})");
  auto const catalog = read();
  ASSERT_EQ(names(catalog), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(catalog.find("b")->shape, (Shape{3})) << "of two files, the one that the index names";
  ASSERT_EQ(catalog.unreadable.size(), 2U);
  EXPECT_EQ(catalog.unreadable[0].name, "y");
  EXPECT_EQ(catalog.unreadable[1].why,
            "model.safetensors.index.json lists it in model-2.safetensors, which does not hold it");
  EXPECT_TRUE(catalog.unreadable[1].absent);
  EXPECT_EQ(deserialize_catalog(serialize(catalog)).unreadable[1].why, catalog.unreadable[1].why);
  EXPECT_THAT(catalog.warnings, ElementsAre(HasSubstr("model-5.safetensors is ignored: not in"),
                                            HasSubstr("which are ignored: stale"), HasSubstr("is ignored: b")));
}

TEST_F(SafetensorsDirectory, FindsTensorsInOtherFilesThanTheIndexSays) {
  write_tensors("model-1.safetensors", "a", 1);
  write_tensors("model-2.safetensors", "b", 2);
  write("model.safetensors.index.json", R"({"weight_map":{"a":"model-2.safetensors","b":"model-1.safetensors"}})");
  auto const catalog = read();
  EXPECT_EQ(names(catalog), (std::vector<std::string>{"a", "b"}));
  EXPECT_THAT(catalog.warnings, ElementsAre(HasSubstr("other files than those that hold tensors")));
  write_tensors("model-3.safetensors", "a", 3);
  write("model.safetensors.index.json",
        R"({"weight_map":{"a":"model-2.safetensors","b":"model-1.safetensors","c":"model-3.safetensors"}})");
  EXPECT_THAT(error_of<CorruptData>(), HasSubstr("but both model-1.safetensors and model-3.safetensors do"));
}

TEST_F(SafetensorsDirectory, IgnoresAnIndexOfFilesThatAreGone) {
  write_tensors("model.safetensors", "a", 1);
  write("model.safetensors.index.json", R"({"weight_map":{"a":"model-1.safetensors"}})");
  auto const catalog = read();
  EXPECT_EQ(names(catalog), (std::vector<std::string>{"a"}));
  EXPECT_THAT(catalog.warnings, ElementsAre(HasSubstr("lists model-1.safetensors, which is not there")));
}

TEST_F(SafetensorsDirectory, TakesFilesOfOtherNames) {
  write_tensors("gptq_model-4bit-128g.safetensors", "a", 1);
  EXPECT_EQ(names(read()), (std::vector<std::string>{"a"}));
  write_tensors("adapter_model.safetensors", "a", 2);
  write_tensors("consolidated.safetensors", "a", 2);
  write_tensors("other.safetensors", "b", 2);
  EXPECT_EQ(names(read()), (std::vector<std::string>{"a", "b"})) << "all that are the same model";
  EXPECT_EQ(read().find("a")->shape, (Shape{1}));
  write_tensors("variant.safetensors", "b", 3);
  EXPECT_THAT(error_of<NoValidCheckpoint>(),
              HasSubstr("both other.safetensors and variant.safetensors hold b, and no index says"));
  write("variant.safetensors.index.json", R"({"weight_map":{"b":"variant.safetensors"}})");
  EXPECT_EQ(read().find("b")->shape, (Shape{3}));
  write("second.safetensors.index.json", R"({"weight_map":{"b":"other.safetensors"}})");
  EXPECT_THAT(error_of<NoValidCheckpoint>(), HasSubstr("has several indexes, second.safetensors.index.json, variant"));
  EXPECT_EQ(read_safetensors_catalog(directory_ / "second.safetensors.index.json").find("b")->shape, (Shape{2}));
}

TEST_F(SafetensorsDirectory, TakesTheFormatOfMistral) {
  write_tensors("consolidated-00001-of-00002.safetensors", "a", 1);
  write_tensors("consolidated-00002-of-00002.safetensors", "b", 1);
  EXPECT_EQ(names(read()), (std::vector<std::string>{"a", "b"}));
  write("consolidated.safetensors.index.json", R"({"weight_map":{"b":"consolidated-00002-of-00002.safetensors"}})");
  EXPECT_EQ(names(read()), (std::vector<std::string>{"b"}));
  write_tensors("model.safetensors", "c", 1);
  EXPECT_EQ(names(read()), (std::vector<std::string>{"c"}));
  EXPECT_THAT(read().warnings, IsEmpty());
}

TEST_F(SafetensorsDirectory, NeedsAllFilesOfASeries) {
  write_tensors("model-00001-of-00002.safetensors", "a", 1);
  EXPECT_THAT(error_of<NoValidCheckpoint>(), HasSubstr("has 1 of the 2 files of model-00001-of-00002.safetensors"));
  write_tensors("model-00002-of-00002.safetensors", "b", 1);
  EXPECT_EQ(names(read()), (std::vector<std::string>{"a", "b"}));
}

TEST_F(SafetensorsDirectory, NamesWhatAFileIsInstead) {
  write("model.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 4976698672\n");
  EXPECT_THAT(error_of<NoValidCheckpoint>(), HasSubstr("model.safetensors: is a pointer of Git LFS"));
  fs::remove(directory_ / "model.safetensors");
  fs::create_symlink("../../blobs/feed", directory_ / "model.safetensors");
  EXPECT_THAT(error_of<NoValidCheckpoint>(), HasSubstr("is a link to ../../blobs/feed, which does not exist"));
  fs::remove(directory_ / "model.safetensors");
  write_tensors("model-rank-0-part-0.safetensors", "a", 1);
  EXPECT_THAT(error_of<NoValidCheckpoint>(), HasSubstr("another engine has cut for its own ranks"));
}

TEST_F(SafetensorsDirectory, RefusesFilesWithoutTensors) {
  write("model.safetensors", std::string("\2\0\0\0\0\0\0\0{}", 10));
  EXPECT_THAT(error_of<NoValidCheckpoint>(), HasSubstr("holds no tensors"));
}

TEST_F(SafetensorsDirectory, KnowsThePartsOfAModel) {
  write_tensors("model-00001-of-00002.safetensors", "a", 1);
  write_tensors("part.safetensors", "b", 1);
  write_tensors("alone-00001-of-00001.safetensors", "c", 1);
  write("model.safetensors.index.json",
        R"({"weight_map":{"b":"part.safetensors","a":"model-00001-of-00002.safetensors"}})");
  EXPECT_EQ(whole_model_of(directory_ / "model-00001-of-00002.safetensors"), directory_);
  EXPECT_EQ(whole_model_of(directory_ / "part.safetensors"), directory_);
  EXPECT_EQ(whole_model_of(directory_ / "alone-00001-of-00001.safetensors"), "");
}

TEST_F(SafetensorsDirectory, SetsTensorsAsideThatItCannotRead) {
  std::string const header =
      R"({"a":{"dtype":"F5","shape":[3],"data_offsets":[0,2]},"b":{"dtype":"F4","shape":[2,4],"data_offsets":[2,6]}})";
  std::uint64_t const size = header.size();
  write("model.safetensors", std::string(reinterpret_cast<char const*>(&size), 8) + header + "abcdef");
  auto const catalog = read();
  EXPECT_EQ(names(catalog), (std::vector<std::string>{"b"}));
  EXPECT_EQ(catalog.tensors[0].shape, (Shape{2, 2}));
  EXPECT_EQ(catalog.metadata.model_size, 8U);
  ASSERT_EQ(catalog.unreadable.size(), 1U);
  EXPECT_EQ(catalog.unreadable[0].name, "a");
  EXPECT_FALSE(catalog.unreadable[0].absent);
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
