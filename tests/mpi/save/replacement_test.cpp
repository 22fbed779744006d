/// What savers refuse to replace, on all ranks and before anything is written.
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <distload/base/error.hpp>
#include <distload/checkpoint/checkpoint.hpp>
#include <distload/load/loader.hpp>
#include <distload/parallel/mpi_environment.hpp>
#include <distload/save/saver.hpp>

#include "support/mpi_suite.hpp"
#include "support/scratch_directory.hpp"
#include "support/tiny_llama.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class ReplacementTest : public MpiSuite {
 protected:
  void SetUp() override {
    on_rank_0([&] {
      fs::create_directory(path("llama"));
      testing::write_tiny_llama(path("llama"));
    });
  }

  template <class F>
  void on_rank_0(F const& work) {
    ranks().barrier();
    if (ranks().rank() == 0) work();
    ranks().barrier();
  }

  std::string path(std::string const& name) const { return directory_.file(name); }
  std::string out(std::string const& name) const { return path("out/" + name); }

  struct Loaded {
    OpenedCheckpoint checkpoint;
    ShardedModel model;
  };
  Loaded load(std::string const& from) {
    Config config;
    config.checkpoint.path = from;
    Loader loader(grid_, config);
    auto checkpoint = loader.open();
    auto model = loader.load(checkpoint, loader.plan(checkpoint)).model;
    return {std::move(checkpoint), std::move(model)};
  }

  SaveOptions options(SourceFormat format = SourceFormat::hdf5) const {
    SaveOptions options;
    options.directory = path("out");
    options.format = format;
    return options;
  }
  SaveOptions overwriting(SourceFormat format = SourceFormat::hdf5) const {
    auto all = options(format);
    all.overwrite = true;
    return all;
  }

  /// Collective: by every call that saves, and by the check before a load.
  template <class Matcher>
  void expect_refused(SaveOptions const& with, Loaded const& loaded, Matcher const& says) {
    auto const message = ThrowsMessage<ConfigError>(says);
    Saver saver(with);
    EXPECT_THAT([&] { saver.check_target(loaded.checkpoint, ranks()); }, message);
    EXPECT_THAT([&] { saver.save(loaded.model, loaded.model.metadata(), ranks()); }, message);
    EXPECT_THAT([&] { saver.save_async(loaded.model, loaded.model.metadata(), ranks()); }, message);
    EXPECT_FALSE(saver.wait());
    EXPECT_THAT([&] { saver.convert(loaded.checkpoint, {}, 1, ranks()); }, message);
    ranks().barrier();
    for (auto const& entry : fs::directory_iterator(path("out"))) EXPECT_NE(entry.path().extension(), ".partial");
    ranks().barrier();
  }

  std::string save(SaveOptions const& with, Loaded const& loaded) {
    auto saved = Saver(with).save(loaded.model, loaded.model.metadata(), ranks()).path;
    ranks().barrier();
    return saved;
  }

  static std::string text(std::string const& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  ScratchDirectory directory_{ranks()};
  ProcessGrid grid_{ranks(), mpi_->node(), {1, 1, ranks().size()}};
};

TEST_F(ReplacementTest, AStepIsReplacedOnlyOnRequest) {
  auto const loaded = load(path("llama"));
  for (auto const format : {SourceFormat::hdf5, SourceFormat::safetensors}) {
    auto const saved = save(overwriting(format), loaded);
    auto const before = text(format == SourceFormat::hdf5 ? saved : saved + "/model.safetensors");
    auto const says = AllOf(HasSubstr(saved), HasSubstr("model llama"), HasSubstr("step 0"), HasSubstr("bytes"),
                            HasSubstr("save.overwrite"));
    expect_refused(options(SourceFormat::hdf5), loaded, says);
    expect_refused(options(SourceFormat::safetensors), loaded, says);
    EXPECT_EQ(text(format == SourceFormat::hdf5 ? saved : saved + "/model.safetensors"), before);
    EXPECT_EQ(save(overwriting(format), loaded), saved);
    auto const entries = std::distance(fs::directory_iterator(path("out")), fs::directory_iterator());
    EXPECT_EQ(entries, 1);
    ranks().barrier();
  }
}

TEST_F(ReplacementTest, StepAndNameAreTheOptions) {
  auto const loaded = load(path("llama"));
  auto with = options();
  with.step = 7;
  with.name = "another";
  EXPECT_EQ(save(with, loaded), out("model-step-7.h5"));
  auto const metadata = open_checkpoint(out("model-step-7.h5"), std::nullopt).metadata;
  EXPECT_EQ(metadata.step, 7U);
  EXPECT_EQ(metadata.model_name, "another");
  expect_refused(with, loaded, AllOf(HasSubstr("model another"), HasSubstr("step 7")));
  with.step = 8;
  auto const converted = Saver(with).convert(loaded.checkpoint, {}, 1, ranks());
  EXPECT_EQ(converted.path, out("model-step-8.h5"));
  EXPECT_EQ(converted.step, 8U);
}

TEST_F(ReplacementTest, ALoopWithRisingStepsNeedsNothing) {
  auto const loaded = load(path("llama"));
  auto with = options();
  with.keep = 2;
  Saver saver(with);
  auto metadata = loaded.model.metadata();
  for (metadata.step = 1; metadata.step < 5; ++metadata.step) saver.save_async(loaded.model, metadata, ranks());
  EXPECT_EQ(saver.wait().value().step, 4U);
  ranks().barrier();
  EXPECT_TRUE(fs::exists(out("model-step-3.h5")));
  EXPECT_FALSE(fs::exists(out("model-step-2.h5")));
  ranks().barrier();
}

TEST_F(ReplacementTest, WhatIsLoadedStays) {
  save(options(), load(path("llama")));
  {
    auto const loaded = load(path("out"));
    expect_refused(overwriting(), loaded, HasSubstr("is being loaded"));
    expect_refused(overwriting(SourceFormat::safetensors), loaded, HasSubstr("is being loaded"));
  }
  // Under other names: hard and symbolic links to it, and through another way to its directory.
  on_rank_0([&] {
    fs::create_hard_link(out("model-step-0.h5"), path("other.h5"));
    fs::create_directory_symlink(path("out"), path("way"));
  });
  expect_refused(overwriting(), load(path("other.h5")), HasSubstr("is being loaded"));
  auto through = overwriting();
  through.directory = path("way");
  expect_refused(through, load(out("model-step-0.h5")), HasSubstr("is being loaded"));
}

TEST_F(ReplacementTest, ALoadedDirectoryStaysWhicheverOfItsFilesWasNamed) {
  save(options(SourceFormat::safetensors), load(path("llama")));
  for (auto const* const source : {"model-step-0", "model-step-0/model.safetensors"}) {
    auto const loaded = load(out(source));
    auto with = overwriting(SourceFormat::safetensors);
    with.step = 0;
    expect_refused(with, loaded, HasSubstr("is being loaded"));
  }
}

TEST_F(ReplacementTest, TheBaseStays) {
  auto const loaded = load(path("llama"));
  auto with = overwriting();
  with.base = save(with, loaded);
  EXPECT_THROW(save(with, loaded), ConfigError);
  with.step = 1;
  EXPECT_EQ(save(with, loaded), out("model-step-1.h5"));
}

TEST_F(ReplacementTest, WhatDistloadDidNotWriteStays) {
  auto const loaded = load(path("llama"));
  auto const directory = save(options(SourceFormat::safetensors), loaded);
  on_rank_0([&] { std::ofstream(directory + "/tokenizer.json") << "mine"; });
  expect_refused(overwriting(), loaded, HasSubstr("tokenizer.json"));
  expect_refused(overwriting(SourceFormat::safetensors), loaded, HasSubstr("tokenizer.json"));
  EXPECT_EQ(text(directory + "/tokenizer.json"), "mine");
  on_rank_0([&] {
    fs::remove_all(directory);
    fs::create_directory(out("model-step-0.h5"));
    std::ofstream(out("model-step-0.h5/notes.txt")) << "mine";
  });
  expect_refused(overwriting(), loaded, HasSubstr("a directory instead of a file"));
  EXPECT_EQ(text(out("model-step-0.h5/notes.txt")), "mine");
}

TEST_F(ReplacementTest, RetentionLeavesWhatDistloadDidNotWrite) {
  auto const loaded = load(path("llama"));
  auto with = options(SourceFormat::safetensors);
  with.keep = 1;
  for (std::uint64_t step = 1; step < 4; ++step) {
    with.step = step;
    auto const directory = save(with, loaded);
    if (step == 1) on_rank_0([&] { std::ofstream(directory + "/tokenizer.json") << "mine"; });
  }
  EXPECT_EQ(text(out("model-step-1/tokenizer.json")), "mine");
  EXPECT_FALSE(fs::exists(out("model-step-2")));
  EXPECT_TRUE(fs::exists(out("model-step-3")));
  ranks().barrier();
}

}  // namespace
}  // namespace distload
