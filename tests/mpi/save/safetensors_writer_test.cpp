/// One Hugging Face directory written by all ranks.
#include "save/safetensors_writer.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <distload/base/error.hpp>

#include "checkpoint/safetensors/directory.hpp"
#include "expect_sample_content.hpp"
#include "parallel/mpi_communicator.hpp"
#include "support/sample_tensors.hpp"
#include "support/scratch_directory.hpp"

namespace distload {
namespace {

using testing::HasSubstr;
using testing::UnorderedElementsAre;

class SafetensorsWriterTest : public testing::Test {
 protected:
  /// Collective: writes all extents, shared out in turn.
  void write_directory(Bytes shard_bytes, std::string const& config) {
    CheckpointMetadata metadata;
    metadata.config_json = config;
    SafetensorsWriter writer(path_, metadata, sample_tensors(),
                             {.verify = VerifyAfterWrite::full, .overwrite = true, .shard_size = shard_bytes}, *ranks_);
    auto const& catalog = writer.catalog();
    for (std::uint32_t i = 0; i < catalog.extents.size(); ++i) {
      if (i % ranks_->size() != ranks_->rank()) continue;
      auto const& extent = catalog.extents[i];
      writer.write(i, 0, sample_bytes(catalog.tensors[extent.tensor], extent.box));
    }
    writer.commit();
    ranks_->barrier();
  }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (auto const& entry : std::filesystem::directory_iterator(path_))
      names.push_back(entry.path().filename().string());
    return names;
  }

  std::unique_ptr<MpiCommunicator> ranks_ = MpiCommunicator::duplicate(MPI_COMM_WORLD, {});
  ScratchDirectory directory_{*ranks_};
  std::string path_ = directory_.file("out/model-step-3");
};

TEST_F(SafetensorsWriterTest, ReplacesADirectoryWithNothingLeftOfTheOldOne) {
  write_directory(kMiB, R"({"model_type": "old"})");
  EXPECT_GT(names().size(), 4U);
  expect_sample_content(read_safetensors_catalog(path_));
  ranks_->barrier();
  write_directory(kGiB, R"({"model_type": "new"})");
  EXPECT_THAT(names(), UnorderedElementsAre("model.safetensors", "config.json", "distload.manifest.json"));
  auto const catalog = read_safetensors_catalog(path_);
  EXPECT_EQ(catalog.metadata.config_json, R"({"model_type": "new"})");
  expect_sample_content(catalog);
  EXPECT_FALSE(std::filesystem::exists(path_ + ".partial"));
  EXPECT_FALSE(std::filesystem::exists(path_ + ".replaced"));
  ranks_->barrier();
}

TEST_F(SafetensorsWriterTest, LeavesTheOldDirectoryUntilTheNewOneIsComplete) {
  write_directory(kGiB, "{}");
  {
    SafetensorsWriter const unfinished(path_, {}, sample_tensors(), {.overwrite = true, .shard_size = kGiB}, *ranks_);
    EXPECT_TRUE(std::filesystem::exists(path_ + ".partial"));
    expect_sample_content(read_safetensors_catalog(path_));
    ranks_->barrier();
  }
  ranks_->barrier();
  EXPECT_FALSE(std::filesystem::exists(path_ + ".partial"));
  expect_sample_content(read_safetensors_catalog(path_));
  ranks_->barrier();
}

TEST_F(SafetensorsWriterTest, TakesThePlaceOfWhatACrashHasLeft) {
  if (ranks_->rank() == 0) {
    std::filesystem::create_directories(path_ + ".partial");
    std::ofstream(path_ + ".partial/model-00001-of-00009.safetensors") << "half";
  }
  ranks_->barrier();
  write_directory(kGiB, "");
  EXPECT_THAT(names(), UnorderedElementsAre("model.safetensors", "distload.manifest.json"));
  ranks_->barrier();
}

TEST_F(SafetensorsWriterTest, RefusesToCommitWithoutEveryByte) {
  SafetensorsWriter writer(path_, {}, sample_tensors(), {.shard_size = kGiB}, *ranks_);
  try {
    writer.commit();
    ADD_FAILURE() << "was committed";
  } catch (InternalError const& error) {
    EXPECT_THAT(error.what(), HasSubstr("0 bytes of tensor"));
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_THROW(writer.write(0, 1, std::vector<std::byte>(writer.catalog().extents[0].nbytes)), InternalError);
}

TEST_F(SafetensorsWriterTest, RefusesWhatTheFileSystemCannotHold) {
  TensorSpec const vast{"vast", DType::f32, {3 * kTiB}, {}};
  if (std::filesystem::space(directory_.path()).available >= 12 * kTiB) GTEST_SKIP() << "this file system can";
  try {
    SafetensorsWriter const writer(path_, {}, std::span(&vast, 1), {.shard_size = kGiB}, *ranks_);
    ADD_FAILURE() << "was created";
  } catch (IoError const& error) {
    EXPECT_THAT(error.what(), HasSubstr("model-step-3 needs 12"));
  }
}

TEST_F(SafetensorsWriterTest, FailsOnAllRanksIfTheFolderCannotBeMade) {
  auto const file = directory_.file("file");
  if (ranks_->rank() == 0) std::ofstream(file) << "no folder";
  ranks_->barrier();
  EXPECT_THROW(SafetensorsWriter(file + "/sub/model-step-1", {}, sample_tensors(), {.shard_size = kGiB}, *ranks_),
               IoError);
}

}  // namespace
}  // namespace distload
