/// Models saved from every topology in every layout.
#include <distload/save/saver.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <distload/base/error.hpp>
#include <distload/parallel/mpi_environment.hpp>

#include "checkpoint/files/find_files.hpp"
#include "checkpoint/hdf5/read_catalog.hpp"
#include "checkpoint/safetensors/directory.hpp"
#include "expect_sample_content.hpp"
#include "injected_fault.hpp"
#include "save/commit/durable.hpp"
#include "saver_suite.hpp"
#include "support/sample_model.hpp"

namespace distload {
namespace {

using testing::HasSubstr;

class SaverTest : public SaverSuite {};

TEST_F(SaverTest, WritesTheWholeModelFromEveryTopologyInEveryLayout) {
  for (auto const& topology : topologies()) {
    auto const model = make_model(topology, ranks_->rank());
    for (std::uint32_t const tensor_parallel : {1U, 3U, 4U}) {
      auto const path = save(model, {.tensor_parallel = tensor_parallel}, 5);
      EXPECT_EQ(path, directory_.file("model-step-5.h5"));
      auto const catalog = read_hdf5_catalog(path);
      EXPECT_TRUE(catalog.warnings.empty());
      EXPECT_EQ(catalog.tensors.size(), tensors_for(topology.tensor_parallel).size());
      EXPECT_EQ(catalog.metadata.tensor_parallel, tensor_parallel);
      EXPECT_EQ(catalog.metadata.config_json, "{}");
      expect_sample_content(catalog);
      ranks_->barrier();
    }
  }
}

TEST_F(SaverTest, WritesInManyWavesWhatStagingCannotHold) {
  auto const topology = topologies()[0];
  auto const model = make_model(topology, ranks_->rank());
  auto const path = save(model, {.tensor_parallel = 3, .staging = 1}, 5);
  expect_sample_content(read_hdf5_catalog(path));
}

TEST_F(SaverTest, UsesTheModelsLayoutUnlessToldOtherwise) {
  auto const model = make_model({1, 1, ranks_->size()}, ranks_->rank());
  EXPECT_EQ(read_hdf5_catalog(save(model, {}, 1)).metadata.tensor_parallel, 1U);
}

TEST_F(SaverTest, WritesAHuggingFaceDirectoryFromEveryTopology) {
  SaveOptions options;
  options.format = SourceFormat::safetensors;
  for (auto const& topology : topologies()) {
    auto const model = make_model(topology, ranks_->rank());
    // All in one file; several.
    for (Bytes const shard_size : {Bytes{kGiB}, Bytes{1'000'000}}) {
      options.shard_size = shard_size;
      options.staging = shard_size == kGiB ? 64 * kMiB : 1;
      auto const path = save(model, options, 5);
      EXPECT_EQ(path, directory_.file("model-step-5"));
      auto const catalog = read_safetensors_catalog(path);
      EXPECT_EQ(catalog.tensors.size(), tensors_for(topology.tensor_parallel).size());
      EXPECT_EQ(catalog.metadata.config_json, "{}");
      EXPECT_EQ(catalog.files.size() == 1, shard_size == kGiB);
      expect_sample_content(catalog);
      ranks_->barrier();
    }
  }
}

TEST_F(SaverTest, RefusesNamesThatSafetensorsCannotStoreBeforeTheLoad) {
  SaveOptions options;
  options.directory = directory_.path();
  Catalog catalog;
  catalog.tensors.push_back({"__metadata__", DType::f32, {4}, 0, 1, "", -1});
  ModelLayout layout;
  layout.parameters.emplace_back();
  EXPECT_NO_THROW(Saver(options).check(catalog, layout));
  options.format = SourceFormat::safetensors;
  EXPECT_THROW(Saver(options).check(catalog, layout), ConfigError);
}

TEST_F(SaverTest, WritesTheSameWithEveryEngineAndInTheBackground) {
  for (auto const& topology : topologies()) {
    auto const model = make_model(topology, ranks_->rank());
    std::optional<Catalog> first;
    for (auto const& way : kWays) {
      if (way.format != SourceFormat::hdf5) continue;
      auto const catalog = read_hdf5_catalog(save_by(way, model, 5));
      expect_sample_content(catalog);
      if (!first) first = catalog;
      EXPECT_EQ(catalog.block_hashes, first->block_hashes) << way.name;
      ranks_->barrier();
    }
  }
}

TEST_F(SaverTest, InTheBackgroundWritesWhatTheModelWas) {
  auto const model = make_model({ranks_->size(), 1, 1}, ranks_->rank());
  for (Bytes const staging : {Bytes{1}, Bytes{64 * kMiB}}) {
    SaveOptions options;
    options.directory = directory_.path();
    options.staging = staging;
    options.async_staging = 1;  // one wave at a time
    options.overwrite = true;
    options.tensor_parallel = 3;
    Saver saver(options);
    auto metadata = model.metadata();
    metadata.step = 5;
    saver.save_async(model, metadata, *ranks_);
    for (auto const& shard : model.shards()) Kokkos::deep_copy(model.bytes(shard), std::byte{0xAA});
    auto const saved = saver.wait();
    ASSERT_TRUE(saved);
    EXPECT_EQ(saved->bytes.written, saved->checkpoint_bytes);
    EXPECT_FALSE(saver.wait());
    ranks_->barrier();
    expect_sample_content(read_hdf5_catalog(saved->path));
    auto const again = make_model({ranks_->size(), 1, 1}, ranks_->rank());
    for (auto const& shard : model.shards())
      Kokkos::deep_copy(model.bytes(shard), again.bytes(*again.find(shard.name)));
    ranks_->barrier();
  }
}

TEST_F(SaverTest, RefusesRanksThatAreNotThoseOfTheModel) {
  auto const model = make_model({ranks_->size(), 1, 1}, ranks_->rank());
  SaveOptions options;
  options.directory = directory_.path();
  Saver saver(options);
  auto const refusal = [&](Communicator& ranks) -> std::string {
    try {
      saver.save(model, model.metadata(), ranks);
      return "saved";
    } catch (ConfigError const& error) {
      return error.what();
    }
  };
  if (ranks_->size() > 1) {
    auto const alone = ranks_->split(ranks_->rank(), 0);
    EXPECT_THAT(refusal(*alone), HasSubstr("the model is cut for " + std::to_string(ranks_->size()) + " ranks"));
    auto const reversed = ranks_->split(0, ranks_->size() - ranks_->rank());
    EXPECT_THAT(refusal(*reversed), HasSubstr("holds another part of"));
  }
  EXPECT_EQ(refusal(*ranks_), "saved");
}

TEST_F(SaverTest, KeepsMpiUntilASaveHasBeenWaitedFor) {
  MpiEnvironment mpi;
  auto const model = make_model({ranks_->size(), 1, 1}, ranks_->rank());
  SaveOptions options;
  options.directory = directory_.path();
  Saver saver(options);
  saver.save_async(model, model.metadata(), mpi.world());
  try {
    mpi.finalize();
    FAIL() << "a save is in flight";
  } catch (ConfigError const& error) {
    EXPECT_THAT(error.what(), HasSubstr("a save begun by Saver::save_async is in flight"));
  }
  auto const saved = saver.wait();
  ASSERT_TRUE(saved);
  mpi.world().barrier();
  expect_sample_content(read_hdf5_catalog(saved->path));
  mpi.world().barrier();
  mpi.finalize();
  EXPECT_THROW(static_cast<void>(mpi.world()), ConfigError);
}

TEST_F(SaverTest, SavesOnWhileTheEnvironmentIsDestroyed) {
  auto const model = make_model({ranks_->size(), 1, 1}, ranks_->rank());
  SaveOptions options;
  options.directory = directory_.path();
  Saver saver(options);
  {
    MpiEnvironment mpi;
    saver.save_async(model, model.metadata(), mpi.world());
  }
  EXPECT_TRUE(std::filesystem::exists(directory_.file("model-step-" + std::to_string(model.metadata().step) + ".h5")));
}

TEST_F(SaverTest, SavesInTheBackgroundByOneGroupAfterAnother) {
  if (ranks_->size() < 2) GTEST_SKIP() << "needs two groups";
  SaveOptions options;
  options.directory = directory_.path();
  options.overwrite = true;
  auto const alone = ranks_->split(ranks_->rank(), 0);
  Saver saver(options);
  auto const all = make_model({ranks_->size(), 1, 1}, ranks_->rank());
  saver.save_async(all, all.metadata(), *ranks_);
  EXPECT_TRUE(saver.wait());
  ranks_->barrier();
  if (ranks_->rank() == 0) {
    auto const whole = make_model({1, 1, 1}, 0);
    saver.save_async(whole, whole.metadata(), *alone);
    auto const saved = saver.wait();
    ASSERT_TRUE(saved);
    expect_sample_content(read_hdf5_catalog(saved->path));
  }
}

TEST_F(SaverTest, ChecksTheOptionsOfConversions) {
  SaveOptions options;
  options.directory = directory_.path();
  Saver saver(options);
  EXPECT_THROW(saver.convert({}, {.ranks_of_node = 0}, 1, *ranks_), ConfigError);
  EXPECT_THROW(saver.convert({}, {.dtype = DType::i8}, 1, *ranks_), ConfigError);
  EXPECT_THROW(saver.convert({}, {}, 0, *ranks_), ConfigError);
  if (ranks_->size() > 1) {
    EXPECT_THROW(saver.convert({}, {.verify = ranks_->rank() == 0}, 1, *ranks_), ConfigError);
  }
  EXPECT_THROW(Saver(options, {}, {.timeout = std::chrono::milliseconds(1)}), ConfigError);
}

TEST_F(SaverTest, TellsOfWhatFailedInTheBackgroundWhenAskedOrWithTheNextSave) {
  auto const model = make_model({ranks_->size(), 1, 1}, ranks_->rank());
  SaveOptions options;
  options.directory = directory_.path();
  options.overwrite = true;
  Saver saver(options);
  {
    InjectedFault const fault("save_write", ranks_->size() - 1, ranks_->rank());
    EXPECT_NO_THROW(saver.save_async(model, model.metadata(), *ranks_));
    EXPECT_THROW(saver.save_async(model, model.metadata(), *ranks_), IoError);
    EXPECT_FALSE(saver.wait());
    EXPECT_NO_THROW(saver.save_async(model, model.metadata(), *ranks_));
    EXPECT_THROW(saver.save(model, model.metadata(), *ranks_), IoError);
  }
  EXPECT_NO_THROW(saver.save_async(model, model.metadata(), *ranks_));
  EXPECT_TRUE(saver.wait());
}

TEST_F(SaverTest, BeginsNothingInTheBackgroundUnlessAllRanksCan) {
  auto const model = make_model({ranks_->size(), 1, 1}, ranks_->rank());
  SaveOptions options;
  options.directory = directory_.path();
  Saver saver(options);
  for (auto const time : {1U, 2U}) {  // the memory, and what is started
    InjectedFault const fault("save_allocate", ranks_->size() - 1, ranks_->rank(), time);
    EXPECT_THROW(saver.save_async(model, model.metadata(), *ranks_), IoError);
    EXPECT_FALSE(saver.wait());
  }
  ranks_->barrier();
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
  ranks_->barrier();
  EXPECT_NO_THROW(saver.save_async(model, model.metadata(), *ranks_));
  EXPECT_TRUE(saver.wait());
}

TEST_F(SaverTest, ComparesWithItsBase) {
  auto const model = make_model({ranks_->size(), 1, 1}, ranks_->rank());
  SaveOptions options;
  options.directory = directory_.path();
  options.base = directory_.path();
  options.verify = VerifyAfterWrite::full;
  Saver saver(options);
  auto metadata = model.metadata();
  metadata.step = 1;
  auto const first = saver.save(model, metadata, *ranks_);
  EXPECT_EQ(first.bytes.unchanged, 0U);
  metadata.step = 2;
  auto const second = saver.save(model, metadata, *ranks_);
  EXPECT_EQ(second.bytes.unchanged, second.checkpoint_bytes);
  EXPECT_EQ(second.bytes.written + second.bytes.reused, second.checkpoint_bytes);
  ranks_->barrier();
  expect_sample_content(read_hdf5_catalog(second.path));

  options.overwrite = true;
  options.base = directory_.file("nowhere");
  EXPECT_THROW(Saver(options).save(model, metadata, *ranks_), NoValidCheckpoint);
  options.format = SourceFormat::safetensors;
  options.base.clear();
  auto const without_checksums = Saver(options).save(model, metadata, *ranks_).path;
  options.format = SourceFormat::hdf5;
  options.base = without_checksums;
  EXPECT_THROW(Saver(options).save(model, metadata, *ranks_), ConfigError);
  ranks_->barrier();
}

/// Files as a loaded model brings them: in a folder that goes with the object.
class CarriedFiles {
 public:
  /// Collective.
  explicit CarriedFiles(Communicator& ranks) : directory_(ranks) {
    if (ranks.rank() == 0) {
      write("tokenizer.json", std::string(70'000, 't'));
      write("empty.model", "");
      write("1_Pooling/config.json", "{}");
      write("README.md", "read me");
    }
    ranks.barrier();
    std::vector<std::string> warnings;
    files_ = find_files(directory_.path(), warnings);
    EXPECT_THAT(warnings, testing::IsEmpty());
    ranks.barrier();
  }

  void write(std::string const& name, std::string const& text) const {
    auto const path = std::filesystem::path(directory_.file(name));
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  void remove(std::string const& name) const { std::filesystem::remove(directory_.file(name)); }

  std::vector<CarriedFile> const& found() const noexcept { return files_; }

 private:
  ScratchDirectory directory_;
  std::vector<CarriedFile> files_;
};

std::map<std::string, std::size_t> sizes_of(std::vector<CarriedFile> const& files) {
  std::map<std::string, std::size_t> sizes;
  for (auto const& file : files) sizes[file.name] = content_of(file)->size();
  return sizes;
}

std::map<std::string, std::size_t> const kByDefault{
    {"1_Pooling/config.json", 2}, {"empty.model", 0}, {"tokenizer.json", 70'000}};

TEST_F(SaverTest, TakesTheModelsOtherFilesAlongInEveryWay) {
  CarriedFiles const source(*ranks_);
  auto const model = make_model({ranks_->size(), 1, 1}, ranks_->rank());
  for (auto const& way : kWays) {
    SaveOptions options;
    options.directory = directory_.path();
    options.format = way.format;
    options.engine = way.engine;
    options.verify = VerifyAfterWrite::full;
    auto metadata = model.metadata();
    metadata.step = 5;
    for (bool const are_listed : {false, true}) {
      // From the source, and from what was saved of it.
      metadata.files = source.found();
      if (are_listed) options.files = std::vector<std::string>{"README.md", "tokenizer.json"};
      auto const expected =
          are_listed ? std::map<std::string, std::size_t>{{"README.md", 7}, {"tokenizer.json", 70'000}} : kByDefault;
      for (auto const step : {5U, 6U}) {
        metadata.step = step;
        Saver saver(options);
        if (way.is_async) {
          saver.save_async(model, metadata, *ranks_);
          saver.wait();
        } else {
          saver.save(model, metadata, *ranks_);
        }
        ranks_->barrier();
        auto const catalog = way.format == SourceFormat::hdf5
                                 ? read_hdf5_catalog(directory_.file("model-step-" + std::to_string(step) + ".h5"))
                                 : read_safetensors_catalog(directory_.file("model-step-" + std::to_string(step)));
        EXPECT_EQ(sizes_of(catalog.metadata.files), expected) << way.name;
        metadata.files = catalog.metadata.files;
        ranks_->barrier();
      }
      if (ranks_->rank() == 0) {
        for (auto const& entry : std::filesystem::directory_iterator(directory_.path())) remove_all(entry.path());
      }
      ranks_->barrier();
    }
  }
}

TEST_F(SaverTest, TakesNoFilesAlongIfToldSo) {
  CarriedFiles const source(*ranks_);
  auto const model = make_model({1, 1, ranks_->size()}, ranks_->rank());
  SaveOptions options;
  options.directory = directory_.path();
  options.files = std::vector<std::string>{};
  auto metadata = model.metadata();
  metadata.files = source.found();
  auto const path = Saver(options).save(model, metadata, *ranks_).path;
  ranks_->barrier();
  EXPECT_THAT(read_hdf5_catalog(path).metadata.files, testing::IsEmpty());
  ranks_->barrier();
}

TEST_F(SaverTest, NeedsTheSourceOfFilesOnce) {
  CarriedFiles const source(*ranks_);
  auto const model = make_model({1, 1, ranks_->size()}, ranks_->rank());
  SaveOptions options;
  options.directory = directory_.path();
  options.keep = 1;
  auto metadata = model.metadata();
  metadata.files = source.found();
  Saver saver(options);
  Saver told_before(options);
  saver.save(model, metadata, *ranks_);
  if (ranks_->rank() == 0) told_before.keep_files(metadata);
  ranks_->barrier();
  if (ranks_->rank() == 0) source.remove("tokenizer.json");
  ranks_->barrier();
  for (auto* const each : {&saver, &told_before}) {
    metadata.step += 1;
    auto const path = each->save(model, metadata, *ranks_).path;
    ranks_->barrier();
    EXPECT_EQ(sizes_of(read_hdf5_catalog(path).metadata.files), kByDefault);
    ranks_->barrier();
  }
}

TEST_F(SaverTest, RefusesFilesThatHaveChangedAndLeavesWhatWasThere) {
  CarriedFiles const source(*ranks_);
  auto const model = make_model({1, 1, ranks_->size()}, ranks_->rank());
  SaveOptions options;
  options.directory = directory_.path();
  auto metadata = model.metadata();
  metadata.files = source.found();
  if (ranks_->rank() == 0) source.write("tokenizer.json", "another one");
  ranks_->barrier();
  for (auto const format : {SourceFormat::hdf5, SourceFormat::safetensors}) {
    options.format = format;
    try {
      Saver(options).save(model, metadata, *ranks_);
      ADD_FAILURE() << "not refused";
    } catch (IoError const& error) {
      EXPECT_THAT(error.what(), HasSubstr("tokenizer.json"));
    }
  }
  options.files = std::vector<std::string>{"tokenizer.model"};
  EXPECT_THROW(Saver(options).save(model, metadata, *ranks_), ConfigError);
  Catalog catalog;
  catalog.metadata = metadata;
  EXPECT_THROW(Saver(options).check(catalog, {}), ConfigError);
  ranks_->barrier();
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
  ranks_->barrier();
}

TEST_F(SaverTest, KeepsTheNewest) {
  auto const model = make_model({1, 1, ranks_->size()}, ranks_->rank());
  SaveOptions safetensors;
  safetensors.format = SourceFormat::safetensors;
  for (std::uint64_t const step : {3U, 8U, 12U}) save(model, {}, step);
  for (std::uint64_t const step : {2U, 80U}) save(model, safetensors, step);
  if (ranks_->rank() == 0) {
    std::filesystem::rename(directory_.file("model-step-80"), directory_.file("model-step-8"));
    std::ofstream(directory_.file("model-step-10.h5")) << "no checkpoint";
    std::ofstream(directory_.file("model-step-9.h5.partial")) << std::string(5000, '\0');
    std::ofstream(directory_.file("model-step-98.h5.partial")) << "";
    std::ofstream(directory_.file("model-step-99.h5.partial")) << "being written";
    for (auto const* const name : {"model-step-9", "model-step-9.partial", "model-step-99.partial"}) {
      std::filesystem::create_directory(directory_.file(name));
      std::ofstream(directory_.file(name) + "/model.safetensors") << "no checkpoint";
    }
  }
  ranks_->barrier();
  TemporaryFile file_in_use(directory_.file("model-step-99.h5.partial"));
  TemporaryFile directory_in_use(directory_.file("model-step-99.partial"));
  ranks_->barrier();
  if (ranks_->rank() == 0) {
    file_in_use.mark_as_in_use();
    directory_in_use.mark_as_in_use();
  }
  SaveOptions options;
  options.keep = 2;
  save(model, options, 11);
  auto const exists = [this](std::string const& name) { return std::filesystem::exists(directory_.file(name)); };
  EXPECT_FALSE(exists("model-step-2"));
  EXPECT_FALSE(exists("model-step-3.h5"));
  EXPECT_TRUE(exists("model-step-8.h5"));
  EXPECT_TRUE(exists("model-step-8"));
  EXPECT_TRUE(exists("model-step-9"));
  EXPECT_TRUE(exists("model-step-10.h5"));
  EXPECT_TRUE(exists("model-step-11.h5"));
  EXPECT_TRUE(exists("model-step-12.h5"));
  EXPECT_FALSE(exists("model-step-9.h5.partial"));
  EXPECT_FALSE(exists("model-step-98.h5.partial"));
  EXPECT_FALSE(exists("model-step-9.partial"));
  EXPECT_TRUE(exists("model-step-99.h5.partial"));
  EXPECT_TRUE(exists("model-step-99.partial"));
  ranks_->barrier();
}

}  // namespace
}  // namespace distload
