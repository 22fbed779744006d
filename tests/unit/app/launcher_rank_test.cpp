// Ranks that launchers give.
#include "app/launcher_rank.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace distload {
namespace {

std::optional<std::uint32_t> rank_in(std::map<std::string, char const*> const& variables) {
  return launcher_rank([&](char const* name) -> char const* {
    auto const found = variables.find(name);
    return found == variables.end() ? nullptr : found->second;
  });
}

TEST(LauncherRank, IsThatOfTheInnermostLauncher) {
  EXPECT_EQ(rank_in({}), std::nullopt);
  EXPECT_EQ(rank_in({{"OMPI_COMM_WORLD_RANK", "3"}}), 3U);
  EXPECT_EQ(rank_in({{"PMI_RANK", "2"}}), 2U);
  EXPECT_EQ(rank_in({{"SLURM_PROCID", "0"}, {"OMPI_COMM_WORLD_RANK", "5"}}), 5U);
  EXPECT_EQ(rank_in({{"SLURM_PROCID", "1"}}), 1U);
}

TEST(LauncherRank, IgnoresWhatIsNoRank) {
  EXPECT_EQ(rank_in({{"PMIX_RANK", ""}, {"PMI_RANK", "-1"}, {"SLURM_PROCID", "1x"}}), std::nullopt);
}

}  // namespace
}  // namespace distload
