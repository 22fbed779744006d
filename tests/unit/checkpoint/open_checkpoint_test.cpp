// From what the user names to a catalog: files, directories of steps, Hugging Face directories.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <distload/checkpoint/checkpoint.hpp>

#include <filesystem>
#include <fstream>

#include <distload/base/error.hpp>

#include "support/thrown_message.hpp"
#include "unit/checkpoint/hdf5/sample_file.hpp"

namespace distload {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<hdf5::NewTensor> const kTensors{{"w", DType::f32, {4, 4}, "replicated", -1, {}}};

class OpenCheckpoint : public testing::Test {
 protected:
  std::string path(std::string const& name) const { return folder_.file(name); }
  std::string directory() const { return path(""); }

  /// A committed file whose metadata says `name`.
  void write_hdf5(std::string const& file, std::string const& name, std::string const& config = "{}") const {
    CheckpointMetadata metadata;
    metadata.model_name = name;
    metadata.config_json = config;
    complete(create_file(path(file), metadata, kTensors, 4 * kKiB));
  }
  /// A Hugging Face directory with one tensor.
  void write_safetensors(std::string const& name) const {
    std::string const header = R"({"w":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})";
    std::uint64_t const size = header.size();
    std::filesystem::create_directories(path(name));
    write(name + "/model.safetensors", std::string(reinterpret_cast<char const*>(&size), sizeof size) + header + "abc");
  }
  void write(std::string const& file, std::string const& text) const {
    std::ofstream(path(file), std::ios::binary) << text;
  }

  template <class E>
  std::string error_of(std::string const& checkpoint, std::optional<std::uint64_t> step = std::nullopt) const {
    return thrown_message<E>([&] { open_checkpoint(checkpoint, step); });
  }

  ScratchFolder folder_;
};

TEST_F(OpenCheckpoint, TakesTheNewestStepAsANumber) {
  write_hdf5("model-step-9.h5", "nine");
  write_hdf5("model-step-10.h5", "ten");
  write_uncommitted(path("model-step-11.h5.partial"), kTensors);
  write("notes-12.h5", "other");
  auto const catalog = open_checkpoint(directory(), std::nullopt);
  EXPECT_EQ(catalog.metadata.model_name, "ten");
  EXPECT_EQ(catalog.path, path("model-step-10.h5"));
  EXPECT_THAT(catalog.warnings, IsEmpty());
}

TEST_F(OpenCheckpoint, PassesOverWhatIsNotValidAndSaysWhy) {
  write_hdf5("model-step-1.h5", "one");
  write_hdf5("model-step-2.h5", "two");
  write_uncommitted(path("model-step-3.h5"), kTensors);
  std::filesystem::resize_file(path("model-step-2.h5"), 3000);
  auto const catalog = open_checkpoint(directory(), std::nullopt);
  EXPECT_EQ(catalog.metadata.model_name, "one");
  EXPECT_THAT(catalog.warnings, ElementsAre(AllOf(HasSubstr("passed over"), HasSubstr("model-step-3.h5")),
                                            AllOf(HasSubstr("passed over"), HasSubstr("model-step-2.h5"))));

  std::filesystem::remove(path("model-step-1.h5"));
  EXPECT_THAT(error_of<NoValidCheckpoint>(directory()),
              AllOf(HasSubstr("no valid checkpoint"), HasSubstr("model-step-2.h5"), HasSubstr("model-step-3.h5")));
}

TEST_F(OpenCheckpoint, PassesOverWhatTheSystemDoesNotLetItRead) {
  write_hdf5("model-step-1.h5", "one");
  std::filesystem::create_directory(path("model-step-2.h5"));
  auto const catalog = open_checkpoint(directory(), std::nullopt);
  EXPECT_EQ(catalog.metadata.model_name, "one");
  EXPECT_THAT(catalog.warnings, ElementsAre(AllOf(HasSubstr("passed over"), HasSubstr("model-step-2.h5"))));
}

TEST_F(OpenCheckpoint, PassesOverAnIndexThatDoesNotVerify) {
  write_hdf5("model-step-1.h5", "one");
  write_hdf5("model-step-2.h5", "two");
  // The only extent's hash.
  CheckpointMetadata metadata;
  metadata.model_name = "two";
  metadata.config_json = "{}";
  auto const twin = create_file(path("twin.h5"), metadata, kTensors, 4 * kKiB);
  auto const hash = twin.completion.hashes({});
  write_bytes(path("model-step-2.h5"), hash.offset_bytes, {std::byte{0xAB}});
  auto const catalog = open_checkpoint(directory(), std::nullopt);
  EXPECT_EQ(catalog.metadata.model_name, "one");
  EXPECT_THAT(catalog.warnings, ElementsAre(AllOf(HasSubstr("passed over"), HasSubstr("model-step-2.h5"))));
}

TEST_F(OpenCheckpoint, StrictlyTakesTheNewestOrNone) {
  write_hdf5("model-step-1.h5", "one");
  write_hdf5("model-step-2.h5", "two");
  EXPECT_EQ(open_checkpoint(directory(), std::nullopt, Latest::strict).metadata.model_name, "two");
  write_uncommitted(path("model-step-3.h5"), kTensors);
  try {
    open_checkpoint(directory(), std::nullopt, Latest::strict);
    ADD_FAILURE() << "was opened";
  } catch (NoValidCheckpoint const& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("its newest step, 3,"), HasSubstr("model-step-3.h5 is not committed")));
  }
  write_safetensors("model-step-3");
  EXPECT_EQ(open_checkpoint(directory(), std::nullopt, Latest::strict).format, SourceFormat::safetensors);
}

TEST_F(OpenCheckpoint, FindsWhatWasBeingReplaced) {
  write_safetensors("model-step-6.replaced");
  auto const catalog = open_checkpoint(directory(), std::nullopt);
  EXPECT_EQ(catalog.path, path("model-step-6.replaced"));
  EXPECT_EQ(catalog.metadata.step, 6U);
  write_safetensors("model-step-6");
  EXPECT_EQ(open_checkpoint(directory(), std::nullopt).path, path("model-step-6"));
}

TEST_F(OpenCheckpoint, TakesExactlyTheStepThatIsAskedFor) {
  write_hdf5("model-step-1.h5", "one");
  write_hdf5("model-step-2.h5", "two");
  write_uncommitted(path("model-step-3.h5"), kTensors);
  EXPECT_EQ(open_checkpoint(directory(), 1).metadata.model_name, "one");
  EXPECT_THAT(error_of<NoValidCheckpoint>(directory(), 3), HasSubstr("model-step-3.h5"));
  EXPECT_THAT(error_of<NoValidCheckpoint>(directory(), 7), HasSubstr("has no step 7, only 3, 2, 1"));
}

TEST_F(OpenCheckpoint, ReadsConfigJsonBesideAFileThatBringsNone) {
  write_hdf5("some.h5", "some", "");
  EXPECT_EQ(open_checkpoint(path("some.h5"), std::nullopt).metadata.config_json, "");
  write("config.json", R"({"architectures": ["BertModel"]})");
  auto const catalog = open_checkpoint(path("some.h5"), std::nullopt);
  EXPECT_EQ(catalog.metadata.architecture, "BertModel");
  EXPECT_EQ(catalog.metadata.model_name, "some");

  write_hdf5("own.h5", "own");
  EXPECT_EQ(open_checkpoint(path("own.h5"), std::nullopt).metadata.config_json, "{}");
  write("config.json", "not JSON");
  EXPECT_THAT(error_of<CorruptData>(path("some.h5")), HasSubstr("config.json: line 1, column 1: not JSON"));
}

TEST_F(OpenCheckpoint, FindsStepsInEitherFormat) {
  write_hdf5("model-step-4.h5", "four");
  write_safetensors("model-step-4");
  write_safetensors("model-step-6");
  std::filesystem::create_directory(path("model-step-7.partial"));
  write("model-step-8", "no directory");
  auto const newest = open_checkpoint(directory(), std::nullopt);
  EXPECT_EQ(newest.path, path("model-step-6"));
  EXPECT_EQ(newest.metadata.step, 6U);
  EXPECT_EQ(open_checkpoint(path("model-step-6"), std::nullopt).metadata.step, 6U);
  EXPECT_EQ(open_checkpoint(directory(), 4).format, SourceFormat::hdf5);

  std::filesystem::resize_file(path("model-step-6/model.safetensors"), 20);
  std::filesystem::resize_file(path("model-step-4.h5"), 3000);
  EXPECT_EQ(open_checkpoint(directory(), 4).format, SourceFormat::safetensors);
  auto const older = open_checkpoint(directory(), std::nullopt);
  EXPECT_EQ(older.path, path("model-step-4"));
  EXPECT_THAT(older.warnings.at(0), AllOf(HasSubstr("passed over"), HasSubstr("model-step-6/model.safetensors")));
  EXPECT_THAT(older.warnings.at(1), AllOf(HasSubstr("passed over"), HasSubstr("model-step-4.h5")));
}

TEST_F(OpenCheckpoint, TellsSafetensorsFromHdf5) {
  write_safetensors(".");
  write_hdf5("model-step-1.h5", "one");
  EXPECT_EQ(open_checkpoint(directory(), std::nullopt).format, SourceFormat::safetensors);
  EXPECT_EQ(open_checkpoint(path("model.safetensors"), std::nullopt).tensors.size(), 1U);
  EXPECT_EQ(open_checkpoint(path("model-step-1.h5"), std::nullopt).format, SourceFormat::hdf5);
}

TEST_F(OpenCheckpoint, RefusesWhatIsNoCheckpoint) {
  EXPECT_THAT(error_of<NoValidCheckpoint>(path("nowhere")), HasSubstr("no such file or directory"));
  EXPECT_THAT(error_of<NoValidCheckpoint>(directory()), HasSubstr("holds neither"));
  write("text.h5", "this is text");
  EXPECT_THAT(error_of<NoValidCheckpoint>(path("text.h5")), HasSubstr("text.h5"));
}

}  // namespace
}  // namespace distload
