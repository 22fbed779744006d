/// What is found beside a model, and reading it.
#include "checkpoint/files/find_files.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <distload/base/error.hpp>

#include "base/hash.hpp"
#include "support/scratch_folder.hpp"
#include "support/thrown_message.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class FindFiles : public testing::Test {
 protected:
  void write(std::string const& name, std::string const& text) const { folder_.write(name, text); }

  std::vector<std::string> found(bool by_default) {
    std::vector<std::string> names;
    for (auto const& file : find_files(folder_.path(), warnings_)) {
      if (file.by_default == by_default) names.push_back(file.name);
    }
    return names;
  }

  /// The only file there.
  CarriedFile only() {
    auto const files = find_files(folder_.path(), warnings_);
    EXPECT_THAT(files, SizeIs(1));
    return files.at(0);
  }

  ScratchFolder folder_;
  std::vector<std::string> warnings_;
};

template <class Error>
std::string read_error(CarriedFile const& file) {
  return thrown_message<Error>([&] { content_of(file); });
}

TEST_F(FindFiles, ListsWhatMayGoAlongAndWhatDoes) {
  for (auto const* const name :
       {"tokenizer.json", "README.md", "config.json", "model.safetensors", ".gitattributes", "1_Pooling/config.json",
        "onnx/tokenizer.json", "additional_chat_templates/tools.jinja", "1_Pooling/deeper/config.json"})
    write(name, name);
  EXPECT_THAT(found(true),
              ElementsAre("1_Pooling/config.json", "additional_chat_templates/tools.jinja", "tokenizer.json"));
  EXPECT_THAT(found(false), ElementsAre("README.md"));
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(FindFiles, FollowsLinksToRegularFilesOnly) {
  write("blobs/0123", "tokens");
  auto const snapshot = folder_.path() / "snapshot";
  fs::create_directory(snapshot);
  fs::create_symlink("../blobs/0123", snapshot / "tokenizer.json");
  fs::create_symlink("../blobs/nothing", snapshot / "vocab.txt");
  fs::create_symlink("../blobs", snapshot / "vocab.json");
  fs::create_directory(snapshot / "merges.txt");
  ASSERT_EQ(::mkfifo((snapshot / "tokenizer.model").c_str(), 0600), 0);
  auto const files = find_files(snapshot, warnings_);
  ASSERT_THAT(files, SizeIs(1));
  EXPECT_EQ(files[0].name, "tokenizer.json");
  EXPECT_EQ(content_of(files[0])->size(), 6U);
}

TEST_F(FindFiles, WarnsOfADirectoryThatCannotBeListed) {
  EXPECT_THAT(find_files(folder_.path() / "nowhere", warnings_), IsEmpty());
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("nowhere")));
}

TEST_F(FindFiles, ReadsAFileAsItWasFound) {
  write("vocab.txt", "");
  EXPECT_THAT(*content_of(only()), IsEmpty());
  write("vocab.txt", "one\ntwo\n");
  auto const file = only();
  EXPECT_EQ(xxh3_64(*content_of(file)), xxh3_64(std::as_bytes(std::span("one\ntwo\n", 8))));

  write("vocab.txt", "one\ntwo\nthree\n");
  EXPECT_THAT(read_error<IoError>(file), HasSubstr("vocab.txt has been changed"));
  write("vocab.txt", "uno\ndue\n");
  fs::last_write_time(file.path, fs::last_write_time(file.path) + std::chrono::seconds(1));
  EXPECT_THAT(read_error<IoError>(file), HasSubstr("vocab.txt has been changed"));
  fs::remove(file.path);
  EXPECT_THAT(read_error<IoError>(file), HasSubstr("vocab.txt is not there any more"));
}

TEST_F(FindFiles, HoldsContentAgainstItsHash) {
  write("checkpoint", "....tokens");
  CarriedFile file;
  file.name = "tokenizer.json";
  file.path = (folder_.path() / "checkpoint").string();
  file.offset_bytes = 4;
  file.nbytes = 6;
  file.hash = xxh3_64(std::as_bytes(std::span("tokens", 6)));
  EXPECT_EQ(content_of(file)->size(), 6U);
  write("checkpoint", "....tokenz");
  EXPECT_THAT(read_error<CorruptData>(file), HasSubstr("checkpoint: file 'tokenizer.json'"));
}

}  // namespace
}  // namespace distload
