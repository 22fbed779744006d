// From what the user names to a catalog: files, directories of steps, Hugging Face directories.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <distload/checkpoint/checkpoint.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include <distload/base/error.hpp>

#include "base/result_file.hpp"
#include "checkpoint/open/read_step.hpp"
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

TEST_F(OpenCheckpoint, RefusesAStepOfACheckpointWithoutSteps) {
  write_safetensors("llama");
  for (std::uint64_t const step : {0U, 3U}) {
    EXPECT_THAT(error_of<ConfigError>(path("llama"), step), HasSubstr("llama is a model without steps"));
  }
  write_safetensors("model-step-4");
  EXPECT_EQ(open_checkpoint(path("model-step-4"), 4).metadata.step, 4U);
  EXPECT_THAT(error_of<NoValidCheckpoint>(path("model-step-4"), 3),
              HasSubstr("has no step 3: it is one checkpoint, of step 4"));
  EXPECT_EQ(open_checkpoint(path("llama"), std::nullopt).tensors.size(), 1U);
}

TEST_F(OpenCheckpoint, KeepsItsFilesFromResults) {
  write_safetensors("llama");
  std::ofstream(path("llama/config.json")) << "{}";
  open_checkpoint(path("llama"), std::nullopt);
  for (auto const& entry : std::filesystem::directory_iterator(path("llama"))) {
    EXPECT_THROW(write_result_file(entry.path().string(), "text"), ConfigError) << entry.path();
  }
  write_result_file(path("llama/report.json"), "text");
  write_result_file(path("llama/report.json"), "text");
}

TEST_F(OpenCheckpoint, SaysThatAFolderMayNotBeEntered) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  std::filesystem::create_directories(path("closed"));
  write_safetensors("closed/llama");
  std::filesystem::permissions(path("closed"), std::filesystem::perms::owner_all);
  auto const open_as_nobody = [&](std::string const& checkpoint) {
    constexpr uid_t kNobody = 65534;
    if (setresuid(kNobody, kNobody, kNobody) != 0) std::exit(101);
    auto const error = error_of<IoError>(path(checkpoint));
    std::exit(error.find("Permission denied") != std::string::npos ? 0 : 1);
  };
  for (auto const* checkpoint : {"closed/llama", "closed/llama/model.safetensors", "closed"}) {
    EXPECT_EXIT(open_as_nobody(checkpoint), ::testing::ExitedWithCode(0), "") << checkpoint;
  }
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

TEST_F(OpenCheckpoint, FindsTheSnapshotOfAHubCache) {
  write_safetensors("models--a--b/snapshots/0123");
  write_safetensors("models--a--b/snapshots/4567");
  EXPECT_THAT(error_of<NoValidCheckpoint>(path("models--a--b")), HasSubstr("has no refs/main and 2 snapshots"));
  std::filesystem::create_directories(path("models--a--b/refs"));
  write("models--a--b/refs/main", "4567");
  auto const catalog = open_checkpoint(path("models--a--b"), std::nullopt);
  EXPECT_EQ(catalog.path, path("models--a--b/snapshots/4567"));
  EXPECT_EQ(catalog.metadata.model_name, "b");
  write("models--a--b/refs/main", "89");
  EXPECT_THAT(error_of<NoValidCheckpoint>(path("models--a--b")), HasSubstr("refs/main names 89"));
  EXPECT_THAT(error_of<NoValidCheckpoint>(directory()),
              HasSubstr("is a cache of the Hugging Face Hub; give one of its models: models--a--b"));
}

TEST_F(OpenCheckpoint, TakesAnIndex) {
  write_safetensors(".");
  std::filesystem::rename(path("model.safetensors"), path("part.safetensors"));
  write("model.safetensors.index.json", R"({"weight_map":{"w":"part.safetensors"}})");
  EXPECT_EQ(open_checkpoint(path("model.safetensors.index.json"), std::nullopt).tensors.size(), 1U);
  EXPECT_EQ(why_not_a_model(path("part.safetensors")), std::nullopt) << "the only one";
}

TEST_F(OpenCheckpoint, KnowsFilesThatAreNoWholeModels) {
  write_safetensors(".");
  EXPECT_EQ(why_not_a_model(path("model.safetensors")), std::nullopt);
  EXPECT_EQ(why_not_a_model(directory()), std::nullopt);
  std::filesystem::rename(path("model.safetensors"), path("model-00001-of-00002.safetensors"));
  EXPECT_THAT(why_not_a_model(path("model-00001-of-00002.safetensors")).value_or(""),
              HasSubstr("is one of several files of a model: give their directory"));
  EXPECT_EQ(open_checkpoint(path("model-00001-of-00002.safetensors"), std::nullopt).tensors.size(), 1U)
      << "to be inspected";
  std::filesystem::rename(path("model-00001-of-00002.safetensors"), path("adapter_model.safetensors"));
  EXPECT_THAT(why_not_a_model(path("adapter_model.safetensors")).value_or(""), HasSubstr("is an adapter, not a model"));
}

TEST_F(OpenCheckpoint, NamesOtherFormats) {
  struct Case {
    std::string file;
    std::string content;
    char const* of_directory;
    char const* of_file;
  };
  for (auto const& [file, content, of_directory, of_file] : std::vector<Case>{
           {"model-Q4.gguf", "GGUF12345678", "holds model-Q4.gguf, which is GGUF", "which is GGUF"},
           {"pytorch_model.bin", "PK\x03\x04", "holds pytorch_model.bin, a pickle", "a pickle"},
           {"consolidated.00.pth", "\x80\x02", "holds consolidated.00.pth, a pickle", "a pickle"},
           {"__0_0.distcp", "", "a checkpoint of torch.distributed", "a checkpoint of torch.distributed"},
           {"mp_rank_00_model_states.pt", "", "a checkpoint of DeepSpeed", "a checkpoint of DeepSpeed"},
           {"flax_model.msgpack", "", "weights of Flax", "weights of Flax"},
           {"weights", "GGUF12345678", "holds neither", "which is GGUF"},
           {"weights.data", "version https://git-lfs.github.com/spec/v1\n", "holds neither", "a pointer of Git LFS"},
           {"config.json", "{}", "holds neither", "is a JSON file"},
           {"model-rank-0-part-0.safetensors", "", "another engine has cut", "has 0 bytes"},
           {"model0-mp8.safetensors", "", "another engine has cut", "has 0 bytes"},
       }) {
    std::filesystem::create_directory(path("case"));
    auto const name = "case/" + file;
    write(name, content);
    EXPECT_THAT(thrown_message<Error>([&] { open_checkpoint(path("case"), std::nullopt); }), HasSubstr(of_directory));
    EXPECT_THAT(thrown_message<Error>([&] { open_checkpoint(path(name), std::nullopt); }), HasSubstr(of_file));
    std::filesystem::remove_all(path("case"));
  }
}

TEST_F(OpenCheckpoint, NamesAdaptersAndTheirBase) {
  write("adapter_model.safetensors", "");
  EXPECT_THAT(error_of<NoValidCheckpoint>(directory()), HasSubstr("holds an adapter, not a model"));
  write("adapter_config.json", R"({"peft_type":"LORA","base_model_name_or_path":"a/b"})");
  EXPECT_THAT(error_of<NoValidCheckpoint>(directory()),
              AllOf(HasSubstr("holds an adapter (LORA) of a/b, not a model"), HasSubstr("merge_and_unload")));
  write("adapter_config.json", "{");
  EXPECT_THAT(error_of<NoValidCheckpoint>(directory()), HasSubstr("holds an adapter, not a model"));
}

TEST_F(OpenCheckpoint, NamesPathsThatLeadNowhere) {
  std::filesystem::create_symlink("gone", path("link"));
  EXPECT_THAT(error_of<NoValidCheckpoint>(path("link")), HasSubstr("is a link to gone, which does not exist"));
  EXPECT_THAT(error_of<NoValidCheckpoint>("no-such-organisation/no-such-model"),
              HasSubstr("`hf download no-such-organisation/no-such-model --local-dir DIRECTORY`"));
  EXPECT_EQ(error_of<NoValidCheckpoint>("./no-such/model"), "./no-such/model: no such file or directory");
}

TEST_F(OpenCheckpoint, NamesTheFoldersThatHoldAModel) {
  write_safetensors("checkpoint-500");
  EXPECT_THAT(error_of<NoValidCheckpoint>(directory()), HasSubstr("give one of its folders that do: checkpoint-500"));
}

TEST_F(OpenCheckpoint, RefusesWhatIsNoCheckpoint) {
  EXPECT_THAT(error_of<NoValidCheckpoint>(path("nowhere")), HasSubstr("no such file or directory"));
  EXPECT_THAT(error_of<NoValidCheckpoint>(directory()), HasSubstr("holds neither"));
  write("text.h5", "this is text");
  EXPECT_THAT(error_of<NoValidCheckpoint>(path("text.h5")), HasSubstr("text.h5"));
}

}  // namespace
}  // namespace distload
