/// What distload has not written, and what is not removed for that.
#include "save/commit/foreign_content.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "save/commit/manifest.hpp"
#include "unit/checkpoint/hdf5/sample_file.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ForeignContent : public testing::Test {
 protected:
  std::string path(std::string const& name) const { return folder_.file(name); }

  void write(std::string const& name, std::string const& text) const { folder_.write(name, text); }

  /// As an exported model, with more data than the manifest samples.
  std::string exported(std::string const& name, bool with_manifest = true) const {
    write(name + "/config.json", "{}");
    write(name + "/model.safetensors", std::string("\2\0\0\0\0\0\0\0{}", 10) + std::string(1 << 20, 'x'));
    write(name + "/tokenizer/vocab.txt", "carried along");
    if (!with_manifest) {
      fs::remove_all(path(name + "/tokenizer"));
      return path(name);
    }
    begin_manifest(path(name), {});
    CheckpointMetadata metadata;
    metadata.model_name = "sample";
    metadata.step = 3;
    complete_manifest(path(name), metadata);
    return path(name);
  }

  ScratchFolder folder_;
};

TEST_F(ForeignContent, IsNotWhatTheManifestLists) {
  auto const directory = exported("model-step-3");
  EXPECT_THAT(foreign_content(directory, Stage::finished), IsEmpty());
  auto const manifest = read_manifest(directory);
  ASSERT_TRUE(manifest);
  EXPECT_TRUE(manifest->is_complete);
  EXPECT_EQ(manifest->model_name, "sample");
  EXPECT_EQ(manifest->step, 3U);
  EXPECT_EQ(manifest->files.size(), 3U);
}

TEST_F(ForeignContent, IsWhatWasAddedOrChanged) {
  auto const directory = exported("model-step-3");
  auto const expect_foreign = [&](std::string const& name, std::string const& why) {
    EXPECT_THAT(foreign_content(directory, Stage::finished), ElementsAre(directory + "/" + name + " (" + why + ")"));
  };
  write("model-step-3/tokenizer.json", "added");
  expect_foreign("tokenizer.json", "not written by distload");
  fs::rename(directory + "/tokenizer.json", directory + "/tokenizer/merges.txt");
  expect_foreign("tokenizer/merges.txt", "not written by distload");
  fs::remove(directory + "/tokenizer/merges.txt");

  fs::create_symlink("config.json", directory + "/link");
  expect_foreign("link", "a symbolic link");
  fs::remove(directory + "/link");
  fs::create_directory(directory + "/notes");
  expect_foreign("notes", "not written by distload");
  fs::remove(directory + "/notes");
  EXPECT_THAT(foreign_content(directory, Stage::finished), IsEmpty());

  write("model-step-3/config.json", "[]");  // as long as before
  expect_foreign("config.json", "changed since distload wrote it");
}

TEST_F(ForeignContent, IsWeightsThatSomebodyHasTrainedInPlace) {
  auto const directory = exported("model-step-3");
  write("model-step-3/model.safetensors", std::string("\2\0\0\0\0\0\0\0{}", 10) + std::string(1 << 20, 'y'));
  EXPECT_THAT(foreign_content(directory, Stage::finished), ElementsAre(HasSubstr("model.safetensors (changed")));
}

TEST_F(ForeignContent, IsNoSealAndNothingThatIsMissing) {
  auto const directory = exported("model-step-3");
  write("model-step-3/distload.checksums.json", "{}");
  fs::remove(directory + "/config.json");
  EXPECT_THAT(foreign_content(directory, Stage::finished), IsEmpty());
}

TEST_F(ForeignContent, IsAllButAModelInADirectoryWithoutManifest) {
  auto const directory = exported("model-step-3", /*with_manifest=*/false);
  EXPECT_THAT(foreign_content(directory, Stage::finished), IsEmpty());
  write("model-step-3/model-00001-of-00002.safetensors", "");
  write("model-step-3/model.safetensors.index.json", "");
  EXPECT_THAT(foreign_content(directory, Stage::finished), IsEmpty());
  write("model-step-3/tokenizer.json", "");
  EXPECT_THAT(foreign_content(directory, Stage::finished), ElementsAre(HasSubstr("tokenizer.json")));
  fs::rename(directory + "/tokenizer.json", directory + "/model-of-mine.safetensors");
  EXPECT_THAT(foreign_content(directory, Stage::finished), ElementsAre(HasSubstr("model-of-mine")));

  write("model-step-4/config.json", "{}");  // of a model that is not there
  EXPECT_THAT(foreign_content(path("model-step-4"), Stage::finished), ElementsAre(HasSubstr("config.json")));
}

TEST_F(ForeignContent, IsAllButWhatWasToBeWrittenInAnUnfinishedDirectory) {
  fs::create_directory(path("model-step-3.partial"));
  EXPECT_THAT(foreign_content(path("model-step-3.partial"), Stage::unfinished), IsEmpty());
  std::vector<std::string> const names{"model.safetensors", "tokenizer.json"};
  begin_manifest(path("model-step-3.partial"), names);
  write("model-step-3.partial/tokenizer.json", "half");
  write("model-step-3.partial/model.safetensors", "");
  write(std::string("model-step-3.partial/") + kUnfinishedManifestFile, "{");
  EXPECT_THAT(foreign_content(path("model-step-3.partial"), Stage::unfinished), IsEmpty());
  write("model-step-3.partial/notes.txt", "mine");
  EXPECT_THAT(foreign_content(path("model-step-3.partial"), Stage::unfinished), ElementsAre(HasSubstr("notes.txt")));
}

TEST_F(ForeignContent, IsNoHdf5FileWithTheMarkDamagedOrNot) {
  write_sample(path("model-step-3.h5"));
  EXPECT_THAT(foreign_content(path("model-step-3.h5"), Stage::finished), IsEmpty());
  fs::resize_file(path("model-step-3.h5"), 5000);
  EXPECT_THAT(foreign_content(path("model-step-3.h5"), Stage::finished), IsEmpty());
  write("model-step-4.h5", "notes");
  write("model-step-5.h5/notes.txt", "notes");
  write("model-step-6", "notes");
  for (auto const* const name : {"model-step-4.h5", "model-step-5.h5", "model-step-6"})
    EXPECT_THAT(foreign_content(path(name), Stage::finished), ElementsAre(HasSubstr(name))) << name;
  EXPECT_THAT(foreign_content(path("nowhere"), Stage::finished), IsEmpty());
}

TEST_F(ForeignContent, IsAnHdf5FileThatSomebodyHasEdited) {
  write_sample(path("model-step-3.h5"));
  fs::resize_file(path("model-step-3.h5"), fs::file_size(path("model-step-3.h5")) + 1);
  EXPECT_THAT(foreign_content(path("model-step-3.h5"), Stage::finished), ElementsAre(HasSubstr("changed since")));
}

TEST_F(ForeignContent, IsNotTheSpaceOrTheBeginningOfAnUnfinishedFile) {
  write("model-step-3.h5.partial", "");
  EXPECT_THAT(foreign_content(path("model-step-3.h5.partial"), Stage::unfinished), IsEmpty());
  write("model-step-3.h5.partial", std::string(10000, '\0'));
  EXPECT_THAT(foreign_content(path("model-step-3.h5.partial"), Stage::unfinished), IsEmpty());
  write("model-step-3.h5.partial", "notes");
  EXPECT_THAT(foreign_content(path("model-step-3.h5.partial"), Stage::unfinished),
              ElementsAre(HasSubstr("not written")));
  fs::remove(path("model-step-3.h5.partial"));
  write_uncommitted(path("model-step-3.h5.partial"), sample_tensors());
  EXPECT_THAT(foreign_content(path("model-step-3.h5.partial"), Stage::unfinished), IsEmpty());
}

TEST_F(ForeignContent, IsEveryLink) {
  write_sample(path("elsewhere.h5"));
  fs::create_symlink(path("elsewhere.h5"), path("model-step-3.h5"));
  fs::create_symlink(path("nowhere"), path("model-step-4"));
  EXPECT_THAT(foreign_content(path("model-step-3.h5"), Stage::finished), ElementsAre(HasSubstr("a symbolic link")));
  EXPECT_THAT(foreign_content(path("model-step-4"), Stage::finished), ElementsAre(HasSubstr("a symbolic link")));
}

TEST_F(ForeignContent, KeepsACheckpointFromBeingRemoved) {
  auto const directory = exported("model-step-3");
  write("model-step-3/notes.txt", "mine");
  remove_unless_foreign(directory, Stage::finished);
  EXPECT_TRUE(fs::exists(directory + "/model.safetensors"));
  fs::remove(directory + "/notes.txt");
  remove_unless_foreign(directory, Stage::finished);
  EXPECT_FALSE(fs::exists(directory));
  write("model-step-3.h5", "mine");
  remove_unless_foreign(path("model-step-3.h5"), Stage::finished);
  EXPECT_TRUE(fs::exists(path("model-step-3.h5")));
}

using HoldsOneOf = ForeignContent;

TEST_F(HoldsOneOf, FindsFilesThroughLinks) {
  auto const directory = exported("model-step-3");
  write("blob", "weights");
  std::vector<FileIdentity> const loaded{identity_of(path("blob")).value()};
  EXPECT_FALSE(holds_one_of(directory, loaded));
  fs::create_symlink(path("blob"), directory + "/soft");
  EXPECT_TRUE(holds_one_of(directory, loaded));
  fs::remove(directory + "/soft");
  fs::create_hard_link(path("blob"), directory + "/hard");
  EXPECT_TRUE(holds_one_of(directory, loaded));
  EXPECT_TRUE(holds_one_of(path("blob"), loaded));
}

}  // namespace
}  // namespace distload
