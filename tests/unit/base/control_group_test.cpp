/// Memory that control groups leave, in made-up hierarchies of both versions.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/control_group.hpp"
#include "support/scratch_folder.hpp"

namespace distload {
namespace {

class ControlGroupTest : public testing::Test {
 protected:
  void put(std::string const& file, std::string const& text) const {
    auto const path = root_.path() / file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text << '\n';
  }
  std::optional<Bytes> left(std::string const& groups_of_process) const {
    put("self", groups_of_process);
    return control_group_bytes(root_.file("self"), root_.path());
  }

 private:
  ScratchFolder root_;
};

TEST_F(ControlGroupTest, LeavesWhatIsNotUsedByMoreThanCache) {
  put("job/step/memory.max", "1000");
  put("job/step/memory.current", "700");
  put("job/step/memory.stat", "anon 300\nfile 400\nkernel 10\nshmem 150");
  EXPECT_EQ(left("0::/job/step"), 1000U - (700U - (400U - 150U)));
}

TEST_F(ControlGroupTest, CountsTheGroupsAboveIt) {
  put("job/step/memory.max", "max");
  put("job/step/memory.current", "10");
  put("job/memory.max", "500");
  put("job/memory.current", "600");
  EXPECT_EQ(left("0::/job/step"), 0U);
  put("job/memory.current", "200");
  EXPECT_EQ(left("0::/job/step"), 300U);
  put("memory.max", "250");
  put("memory.current", "200");
  EXPECT_EQ(left("0::/job/step"), 50U);
  EXPECT_EQ(left("0::/elsewhere"), 50U);
}

TEST_F(ControlGroupTest, UnderstandsVersion1) {
  put("memory/slurm/job/memory.limit_in_bytes", "1000");
  put("memory/slurm/job/memory.usage_in_bytes", "900");
  put("memory/slurm/job/memory.stat", "cache 1\nshmem 0\ntotal_cache 800\ntotal_shmem 100");
  auto const others = "9:name=systemd:/\n8:pids:/slurm/job\n0::/\n";
  EXPECT_EQ(left(others + std::string("4:memory:/slurm/job")), 800U);
  EXPECT_EQ(left(others + std::string("4:cpu,memory:/slurm/job")), 800U);
  EXPECT_EQ(left(others), std::nullopt);
  put("memory/memory.limit_in_bytes", "9223372036854771712");
  put("memory/memory.usage_in_bytes", "4096");
  EXPECT_EQ(left("4:memory:/slurm/job"), 800U);
}

TEST_F(ControlGroupTest, LeavesEverythingWithoutALimit) {
  put("job/memory.max", "max");
  put("job/memory.current", "700");
  EXPECT_EQ(left("0::/job"), std::nullopt);
  EXPECT_EQ(left(""), std::nullopt);
  EXPECT_EQ(left("nonsense\n1:"), std::nullopt);
}

}  // namespace
}  // namespace distload
