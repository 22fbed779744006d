// Which engine reads what from where.
#include "io/engine_choice.hpp"

#include <gtest/gtest.h>

namespace distload {
namespace {

TEST(ChooseEngine, FollowsTheFormatAndTheFileSystem) {
  struct Case {
    SourceFormat format;
    FileSystem file_system;
    char const* name;
    char const* reason;
  };
  for (auto const& [format, file_system, name, reason] : {
           Case{SourceFormat::hdf5, {"lustre", true}, "collective", "HDF5 on lustre"},
           Case{SourceFormat::hdf5, {"ext4", false}, "buffered", "HDF5 on ext4"},
           Case{SourceFormat::hdf5, {}, "buffered", "HDF5 on an unknown file system"},
           Case{SourceFormat::safetensors, {"nfs", true}, "buffered", "safetensors on nfs"},
           Case{SourceFormat::safetensors, {"tmpfs", false}, "buffered", "safetensors on tmpfs"},
       }) {
    auto const choice = choose_engine("auto", format, file_system);
    EXPECT_EQ(choice.name, name);
    EXPECT_EQ(choice.reason, reason);
  }
}

TEST(ChooseEngine, DoesWhatItIsTold) {
  auto const choice = choose_engine("collective", SourceFormat::safetensors, {"tmpfs", false});
  EXPECT_EQ(choice.name, "collective");
  EXPECT_EQ(choice.reason, "configured");
}

TEST(FileSystemOfMagic, KnowsSharedFromLocal) {
  EXPECT_TRUE(file_system_of_magic(0x0BD00BD0).is_shared);
  EXPECT_EQ(file_system_of_magic(0x0BD00BD0).name, "lustre");
  EXPECT_FALSE(file_system_of_magic(0xEF53).is_shared);
  EXPECT_TRUE(file_system_of_magic(0xFF534D42).is_shared);
  EXPECT_EQ(file_system_of_magic(1).name, "");
}

TEST(FileSystemOf, AsksTheSystem) {
  EXPECT_EQ(file_system_of("/dev/shm").name, "tmpfs");
  EXPECT_EQ(file_system_of("/nowhere/at/all").name, "");
}

}  // namespace
}  // namespace distload
