// Choice of the engine for a storage.
#include "io/engines/choose_engine.hpp"

#include <gtest/gtest.h>

namespace distload {
namespace {

StorageFacts on(FileSystem const& file_system, std::optional<double> resident) {
  StorageFacts facts;
  facts.file_system = file_system;
  facts.resident = resident;
  facts.can_be_mapped = true;
  return facts;
}

TEST(ChooseEngine, FollowsThePageCacheAndTheFileSystem) {
  struct Case {
    FileSystem file_system;
    std::optional<double> resident;
    EngineInUse expected;
  };
  for (auto const& [file_system, resident, expected] : {
           Case{{"ext4", false}, 1.0, {ReadEngine::mmap, "HDF5 on ext4, 100 % of it in the page cache"}},
           Case{{"ext4", false}, 0.6, {ReadEngine::mmap, "HDF5 on ext4, 60 % of it in the page cache"}},
           Case{{"ext4", false}, 0.3, {ReadEngine::direct, "HDF5 on ext4, 30 % of it in the page cache"}},
           Case{{"lustre", true}, 0.0, {ReadEngine::collective, "HDF5 on lustre, 0 % of it in the page cache"}},
           Case{{"lustre", true}, 1.0, {ReadEngine::mmap, "HDF5 on lustre, 100 % of it in the page cache"}},
           Case{{},
                std::nullopt,
                {ReadEngine::direct, "HDF5 on an unknown file system, an unknown part of it in the page cache"}},
       }) {
    EXPECT_EQ(choose_engine(ReadEngine::automatic, on(file_system, resident)), expected) << expected.reason;
  }
}

TEST(ChooseEngine, ReadsThroughThePageCacheWhereNothingElseIsPossible) {
  auto facts = on({"nfs", true}, 0.1);
  facts.format = SourceFormat::safetensors;
  EXPECT_EQ(choose_engine(ReadEngine::automatic, facts).name, ReadEngine::buffered);
  facts = on({"ext4", false}, 0.1);
  facts.why_not_direct = "the kernel says no";
  EXPECT_EQ(choose_engine(ReadEngine::automatic, facts).name, ReadEngine::buffered);
  EXPECT_EQ(choose_engine(ReadEngine::automatic, facts).reason,
            "HDF5 on ext4, 10 % of it in the page cache; direct is not possible: the kernel says no");
  facts = on({"ext4", false}, 0.9);
  facts.can_be_mapped = false;
  EXPECT_EQ(choose_engine(ReadEngine::automatic, facts).name, ReadEngine::buffered);
}

TEST(ChooseEngine, ShowsWhatDoesNotFitTwice) {
  auto facts = on({"ext4", false}, 0.0);
  facts.shard_bytes = 3 * kGiB;
  facts.memory_limit = 2 * kGiB;
  EXPECT_EQ(choose_engine(ReadEngine::automatic, facts).name, ReadEngine::mmap);
  facts.can_be_mapped = false;
  EXPECT_EQ(choose_engine(ReadEngine::automatic, facts).name, ReadEngine::direct);
}

TEST(ChooseEngine, DoesWhatItIsTold) {
  auto facts = on({"ext4", false}, 1.0);
  EXPECT_EQ(choose_engine(ReadEngine::collective, facts), (EngineInUse{ReadEngine::collective, "configured"}));
  EXPECT_EQ(choose_engine(ReadEngine::direct, facts), (EngineInUse{ReadEngine::direct, "configured"}));
  facts.why_not_direct = "it is a tmpfs";
  EXPECT_EQ(choose_engine(ReadEngine::direct, facts),
            (EngineInUse{ReadEngine::buffered, "direct is not possible: it is a tmpfs"}));
}

TEST(FileSystemOfMagic, KnowsSharedFromLocal) {
  EXPECT_TRUE(file_system_of_magic(0x0BD00BD0).is_shared);
  EXPECT_EQ(file_system_of_magic(0x0BD00BD0).name, "lustre");
  EXPECT_FALSE(file_system_of_magic(0xEF53).is_shared);
  EXPECT_TRUE(file_system_of_magic(0xFF534D42).is_shared);
  EXPECT_TRUE(file_system_of_magic(0xFF534D42).servers_copy);
  EXPECT_FALSE(file_system_of_magic(0x0BD00BD0).servers_copy);
  EXPECT_EQ(file_system_of_magic(1).name, "");
}

TEST(FileSystemOf, AsksTheSystem) {
  EXPECT_EQ(file_system_of("/dev/shm").name, "tmpfs");
  EXPECT_EQ(file_system_of("/nowhere/at/all").name, "");
}

}  // namespace
}  // namespace distload
