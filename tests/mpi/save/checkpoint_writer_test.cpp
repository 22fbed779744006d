/// One file written by all ranks, read back by its catalog.
#include "save/checkpoint_writer.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <distload/base/error.hpp>

#include "checkpoint/hdf5/read_catalog.hpp"
#include "expect_sample_content.hpp"
#include "parallel/mpi_communicator.hpp"
#include "save/commit/folder_lock.hpp"
#include "support/sample_tensors.hpp"
#include "support/scratch_directory.hpp"

namespace distload {
namespace {

using testing::HasSubstr;

class CheckpointWriterTest : public testing::Test {
 protected:
  /// Collective: writes all extents, shared out in turn.
  void write_file(std::string const& path, SaveOptions const& options) {
    CheckpointMetadata metadata;
    metadata.model_name = "sample";
    metadata.step = 3;
    CheckpointWriter writer(path, metadata, sample_tensors(), options, *ranks_);
    auto const& catalog = writer.catalog();
    for (std::uint32_t i = 0; i < catalog.extents.size(); ++i) {
      if (i % ranks_->size() != ranks_->rank()) continue;
      auto const& extent = catalog.extents[i];
      auto const bytes = sample_bytes(catalog.tensors[extent.tensor], extent.box);
      // In two parts where there is more than one block.
      auto const first = std::min<Bytes>(bytes.size(), kBlockBytes);
      writer.write(i, 0, std::span(bytes).first(first));
      if (first < bytes.size()) writer.write(i, first, std::span(bytes).subspan(first));
    }
    writer.commit();
  }

  std::unique_ptr<MpiCommunicator> ranks_ = MpiCommunicator::duplicate(MPI_COMM_WORLD, {});
  ScratchDirectory directory_{*ranks_};
};

TEST_F(CheckpointWriterTest, WritesEveryLayoutFromAnyNumberOfRanks) {
  for (std::uint32_t const tensor_parallel : {1U, 2U, 3U, 4U, 8U}) {
    auto const path = directory_.file("out/model-step-3.h5");
    SaveOptions options;
    options.tensor_parallel = tensor_parallel;
    options.engine = tensor_parallel % 2 == 0 ? WriteEngine::collective : WriteEngine::direct;
    options.overwrite = true;
    write_file(path, options);
    ranks_->barrier();
    auto const catalog = read_hdf5_catalog(path);
    EXPECT_TRUE(catalog.warnings.empty());
    EXPECT_EQ(catalog.tensors.size(), sample_tensors().size());
    EXPECT_EQ(catalog.metadata.tensor_parallel, tensor_parallel);
    EXPECT_EQ(catalog.metadata.step, 3U);
    EXPECT_THAT(catalog.metadata.writer, HasSubstr("distload "));
    EXPECT_EQ(catalog.metadata.created.size(), std::string("2026-01-01T00:00:00Z").size());
    if (tensor_parallel == 4) {
      EXPECT_EQ(catalog.find("column")->extent_count, 4U);
      EXPECT_EQ(catalog.find("row")->extent_count, 4U);
      EXPECT_EQ(catalog.find("uneven")->extent_count, 1U);
    }
    expect_sample_content(catalog);
    ranks_->barrier();
  }
}

TEST_F(CheckpointWriterTest, LeavesTheOldFileUntilTheNewOneIsComplete) {
  auto const path = directory_.file("model-step-3.h5");
  write_file(path, {});
  {
    SaveOptions options;
    options.overwrite = true;
    CheckpointWriter const unfinished(path, {}, sample_tensors(), options, *ranks_);
    EXPECT_TRUE(std::filesystem::exists(path + ".partial"));
    EXPECT_EQ(read_hdf5_catalog(path).metadata.model_name, "sample");
    ranks_->barrier();
  }
  ranks_->barrier();
  EXPECT_FALSE(std::filesystem::exists(path + ".partial"));
  expect_sample_content(read_hdf5_catalog(path));
}

TEST_F(CheckpointWriterTest, CreatesNothingWhileAnotherJobLooksForLeftovers) {
  auto const path = directory_.file("model-step-3.h5");
  bool was_early = true;
  std::jthread other;
  if (ranks_->rank() == 0) {
    other = std::jthread([&, lock = std::make_unique<FolderLock>(directory_.file(""))] {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      was_early = std::filesystem::exists(path + ".partial");
      lock->release();
    });
  }
  write_file(path, {});
  if (other.joinable()) {
    other.join();
    EXPECT_FALSE(was_early);
  }
  expect_sample_content(read_hdf5_catalog(path));
}

TEST_F(CheckpointWriterTest, RefusesToCommitWithoutEveryBlock) {
  CheckpointWriter writer(directory_.file("model-step-3.h5"), {}, sample_tensors(), {}, *ranks_);
  try {
    writer.commit();
    ADD_FAILURE() << "was committed";
  } catch (InternalError const& error) {
    EXPECT_THAT(error.what(), HasSubstr("was written 0 times"));
  }
  EXPECT_FALSE(std::filesystem::exists(directory_.file("model-step-3.h5")));
}

TEST_F(CheckpointWriterTest, TakesBlocksInPartsIfTheyFollowEachOther) {
  for (auto const engine : {WriteEngine::direct, WriteEngine::collective}) {
    auto const path = directory_.file("model-step-3.h5");
    SaveOptions options;
    options.engine = engine;
    options.verify = VerifyAfterWrite::full;
    options.overwrite = true;
    CheckpointWriter writer(path, {}, sample_tensors(), options, *ranks_);
    auto const& catalog = writer.catalog();
    for (std::uint32_t i = 0; i < catalog.extents.size(); ++i) {
      if (i % ranks_->size() != ranks_->rank()) continue;
      auto const& extent = catalog.extents[i];
      auto const element_bytes = size_of(catalog.tensors[extent.tensor].dtype);
      auto const bytes = sample_bytes(catalog.tensors[extent.tensor], extent.box);
      auto const step = 1001 * element_bytes;
      for (Bytes at = 0; at < bytes.size(); at += step)
        writer.write(i, at, std::span(bytes).subspan(at, std::min<Bytes>(step, bytes.size() - at)));
    }
    writer.commit();
    ranks_->barrier();
    expect_sample_content(read_hdf5_catalog(path));
    ranks_->barrier();
  }
}

TEST_F(CheckpointWriterTest, RefusesWhatBeginsWithinABlockOrIsTooMuch) {
  CheckpointWriter writer(directory_.file("model-step-3.h5"), {}, sample_tensors(), {}, *ranks_);
  std::vector<std::byte> const bytes(8);
  EXPECT_THROW(writer.write(0, 4, bytes), InternalError);
  EXPECT_NO_THROW(writer.write(0, 0, bytes));
  EXPECT_THROW(writer.write(0, 4, bytes), InternalError);
  EXPECT_NO_THROW(writer.write(0, 8, bytes));
  EXPECT_THROW(writer.write(0, 16, std::vector<std::byte>(writer.catalog().extents[0].nbytes)), InternalError);
  ranks_->barrier();  // until then the file stays
}

TEST_F(CheckpointWriterTest, FindsWhatStorageDoesNotGiveBack) {
  auto const path = directory_.file("model-step-3.h5");
  SaveOptions options;
  options.verify = VerifyAfterWrite::full;
  options.engine = WriteEngine::collective;  // what it is given is in the file at once
  CheckpointWriter writer(path, {}, sample_tensors(), options, *ranks_);
  auto const& catalog = writer.catalog();
  for (std::uint32_t i = 0; i < catalog.extents.size(); ++i) {
    if (i % ranks_->size() != ranks_->rank()) continue;
    auto const& extent = catalog.extents[i];
    writer.write(i, 0, sample_bytes(catalog.tensors[extent.tensor], extent.box));
  }
  ranks_->barrier();
  if (ranks_->rank() == 0) {
    std::fstream file(path + ".partial", std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(catalog.extents[0].offset_bytes));
    file << "damage";
  }
  ranks_->barrier();
  try {
    writer.commit();
    ADD_FAILURE() << "was committed";
  } catch (CorruptData const& error) {
    EXPECT_THAT(error.what(), HasSubstr("after the save"));
    EXPECT_THAT(error.what(), HasSubstr(catalog.tensors[catalog.extents[0].tensor].name));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  ranks_->barrier();
}

TEST_F(CheckpointWriterTest, RefusesAFileThatAnotherIsWriting) {
  auto const path = directory_.file("model-step-3.h5");
  CheckpointWriter const first(path, {}, sample_tensors(), {}, *ranks_);
  try {
    CheckpointWriter const second(path, {}, sample_tensors(), {}, *ranks_);
    ADD_FAILURE() << "was created";
  } catch (IoError const& error) {
    EXPECT_THAT(error.what(), HasSubstr("is being written"));
  }
  EXPECT_TRUE(std::filesystem::exists(path + ".partial"));
  ranks_->barrier();
}

TEST_F(CheckpointWriterTest, RefusesWhatTheFileSystemCannotHold) {
  TensorSpec const vast{"vast", DType::f32, {3 * kTiB}, {}};
  if (std::filesystem::space(directory_.path()).available >= 12 * kTiB) GTEST_SKIP() << "this file system can";
  try {
    CheckpointWriter const writer(directory_.file("model-step-1.h5"), {}, std::span(&vast, 1), {}, *ranks_);
    ADD_FAILURE() << "was created";
  } catch (IoError const& error) {
    EXPECT_THAT(error.what(), HasSubstr("model-step-1.h5 needs 12"));
    EXPECT_THAT(error.what(), HasSubstr("left"));
  }
}

TEST_F(CheckpointWriterTest, FailsOnAllRanksIfTheFolderCannotBeMade) {
  auto const file = directory_.file("file");
  if (ranks_->rank() == 0) std::ofstream(file) << "no folder";
  ranks_->barrier();
  EXPECT_THROW(CheckpointWriter(file + "/sub/model-step-1.h5", {}, sample_tensors(), {}, *ranks_), IoError);
}

}  // namespace
}  // namespace distload
