/// What may be replaced, and that nothing else is.
#include "save/commit/publish.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <distload/base/error.hpp>

#include "save/commit/manifest.hpp"
#include "unit/checkpoint/hdf5/sample_file.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::ThrowsMessage;

class Publish : public testing::Test {
 protected:
  std::string path(std::string const& name) const { return folder_.file(name); }
  void write(std::string const& name, std::string const& text) const { folder_.write(name, text); }
  std::string text(std::string const& name) const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string exported(std::string const& name, std::string const& config) const {
    write(name + "/config.json", config);
    write(name + "/model.safetensors", "{}");
    begin_manifest(path(name), {});
    CheckpointMetadata metadata;
    metadata.model_name = "sample";
    metadata.created = "2026-01-02T03:04:05Z";
    complete_manifest(path(name), metadata);
    return path(name);
  }
  ScratchFolder folder_;
  std::string partial_ = path("model-step-3.partial");
  Replacement const overwrite_{.overwrite = true};
};

TEST_F(Publish, TakesAFreeName) {
  auto const to = path("model-step-3");
  EXPECT_THAT(check_target(to, {}), IsEmpty());
  EXPECT_THAT(check_target(path("no/folder/yet/model-step-3"), {}), IsEmpty());
  publish(exported("model-step-3.partial", "{}"), to, {}, {});
  EXPECT_TRUE(fs::exists(to + "/config.json"));
}

TEST_F(Publish, RefusesAStepThatIsThereInWhateverFormAndNamesIt) {
  auto const directory = exported("model-step-3", "{}");
  for (auto const* const target : {"model-step-3", "model-step-3.h5"}) {
    EXPECT_THAT([&] { check_target(path(target), {}); },
                ThrowsMessage<ConfigError>(AllOf(HasSubstr(directory), HasSubstr("model sample"), HasSubstr("step 3"),
                                                 HasSubstr("bytes"), HasSubstr("2026-01-02T03:04:05Z"),
                                                 HasSubstr("save.overwrite"), HasSubstr("save.step"))));
    EXPECT_THAT(check_target(path(target), overwrite_), SizeIs(1));
  }
  EXPECT_THAT(check_target(path("model-step-4.h5"), {}), IsEmpty());
  fs::rename(directory, path("model-step-3.replaced"));
  EXPECT_THROW(check_target(directory, {}), ConfigError);
  fs::rename(path("model-step-3.replaced"), path("model-step-0003"));  // a number written otherwise
  EXPECT_THROW(check_target(directory, {}), ConfigError);
}

TEST_F(Publish, DescribesAFile) {
  write_sample(path("model-step-3.h5"));
  EXPECT_THAT([&] { check_target(path("model-step-3.h5"), {}); },
              ThrowsMessage<ConfigError>(AllOf(HasSubstr("model " + sample_metadata().model_name), HasSubstr("step 3"),
                                               HasSubstr("bytes"), HasSubstr(", of 20"))));
}

TEST_F(Publish, NeverReplacesWhatIsForeignOrLoaded) {
  auto const directory = exported("model-step-3", "{}");
  Replacement const loading{.overwrite = true, .loaded = {identity_of(directory + "/model.safetensors").value()}};
  EXPECT_THAT([&] { check_target(directory, loading); }, ThrowsMessage<ConfigError>(HasSubstr("is being loaded")));
  EXPECT_THAT([&] { check_target(path("model-step-3.h5"), loading); },
              ThrowsMessage<ConfigError>(HasSubstr("is being loaded")));
  write("model-step-3/tokenizer.json", "mine");
  EXPECT_THAT([&] { check_target(directory, overwrite_); },
              ThrowsMessage<ConfigError>(AllOf(HasSubstr("tokenizer.json"), HasSubstr("did not write"))));
}

TEST_F(Publish, ReplacesADirectoryAndRemovesTheOtherFormat) {
  auto const directory = exported("model-step-3", "old");
  write_sample(path("model-step-3.h5"));
  auto const checked = check_target(directory, overwrite_);
  EXPECT_THAT(checked, SizeIs(2));
  publish(exported("model-step-3.partial", "new"), directory, overwrite_, checked);
  EXPECT_EQ(text("model-step-3/config.json"), "new");
  EXPECT_FALSE(fs::exists(partial_));
  EXPECT_FALSE(fs::exists(path("model-step-3.h5")));
}

TEST_F(Publish, LeavesWhatHasComeOrWasChangedMeanwhile) {
  auto const to = path("model-step-3");
  auto const none = check_target(to, overwrite_);
  exported("model-step-3.partial", "new");
  auto const refuses = [&](std::vector<Occupant> const& checked) {
    EXPECT_THROW(publish(partial_, to, overwrite_, checked), ConfigError);
    EXPECT_TRUE(fs::exists(partial_ + "/config.json"));
  };
  exported("model-step-3", "come meanwhile");
  refuses(none);
  EXPECT_THROW(publish(partial_, to, {}, none), ConfigError);
  EXPECT_EQ(text("model-step-3/config.json"), "come meanwhile");

  auto const checked = check_target(to, overwrite_);
  write("model-step-3/tokenizer.json", "added meanwhile");
  refuses(checked);
  EXPECT_EQ(text("model-step-3/tokenizer.json"), "added meanwhile");
  fs::remove(path("model-step-3/tokenizer.json"));

  write_sample(path("model-step-3.h5"));
  refuses(checked);  // another format of the same step
  EXPECT_TRUE(fs::exists(path("model-step-3.h5")));
}

TEST_F(Publish, RefusesATemporaryNameThatIsNotItsOwn) {
  write("model-step-3.h5.partial", "notes");
  EXPECT_THAT([&] { check_temporary(path("model-step-3.h5")); },
              ThrowsMessage<ConfigError>(HasSubstr("model-step-3.h5.partial")));
  write("model-step-3.partial/notes.txt", "notes");
  EXPECT_THROW(check_temporary(path("model-step-3")), ConfigError);
  EXPECT_NO_THROW(check_temporary(path("model-step-4")));
}

}  // namespace
}  // namespace distload
