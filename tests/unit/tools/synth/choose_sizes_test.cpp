// Chosen models: near the wanted size, divisible by 8 ranks, as the user fixed them.
#include "synth/choose_sizes.hpp"

#include <gtest/gtest.h>

#include <distload/base/error.hpp>

namespace distload::synth {
namespace {

TEST(ChooseSizes, GivesAModelOfAboutTheWantedSizeThatDividesByEightRanks) {
  for (auto const& family : families()) {
    // From some MB to the largest published models.
    for (double wanted = 3e6; wanted < 5e11; wanted *= 1.37) {
      auto const sizes = choose_sizes(family, static_cast<std::uint64_t>(wanted), {});
      auto const what = std::string(family.name) + " of " + std::to_string(wanted);
      EXPECT_NEAR(static_cast<double>(parameters_of(family, sizes)) / wanted, 1.0, 0.05) << what;
      for (auto const size : {sizes.heads, sizes.kv_heads}) EXPECT_EQ(size % 8, 0U) << what;
      for (auto const size : {sizes.hidden, sizes.intermediate, sizes.vocabulary}) {
        EXPECT_EQ(size % std::min<std::uint64_t>(sizes.hidden, 1024), 0U) << what;
      }
      EXPECT_EQ(sizes.expert_intermediate % 8, 0U) << what;
      EXPECT_EQ(sizes.experts == 0, family.experts == 0) << what;
      EXPECT_EQ(sizes.heads * sizes.head_dim, sizes.hidden) << what;
      EXPECT_GE(sizes.layers, 1U) << what;
    }
  }
}

TEST(ChooseSizes, LooksLikeItsFamily) {
  auto const sizes = choose_sizes(*find_family("llama"), 8'030'261'248, {});
  EXPECT_EQ(sizes.hidden, 4096U);
  EXPECT_EQ(sizes.head_dim, 128U);
  EXPECT_EQ(sizes.intermediate, 14336U);
  EXPECT_NEAR(static_cast<double>(sizes.layers), 32, 2);
}

TEST(ChooseSizes, MakesAsManyExpertsAsWanted) {
  SizeOverrides overrides;
  overrides.layers = 130;
  overrides.hidden = 128;
  overrides.experts = 256;
  overrides.expert_intermediate = 40;
  auto const& family = *find_family("deepseek_v3");
  auto const sizes = choose_sizes(family, 530'000'000, overrides);
  EXPECT_EQ(sizes.experts, 256U);
  EXPECT_EQ(sizes.expert_intermediate, 40U);
  EXPECT_NEAR(static_cast<double>(parameters_of(family, sizes)), 5.3e8, 1e6);
  EXPECT_GT(tensors_of(family, sizes).size(), 99'000U);
}

TEST(ChooseSizes, KeepsWhatIsFixed) {
  SizeOverrides overrides;
  overrides.layers = 3;
  overrides.heads = 12;
  overrides.kv_heads = 2;
  overrides.hidden = 384;
  overrides.vocabulary = 1001;
  overrides.intermediate = 144;
  overrides.tied = true;
  EXPECT_EQ(choose_sizes(*find_family("llama"), 1000, overrides), (ModelSizes{3, 384, 12, 2, 32, 144, 1001, true}));
}

TEST(ChooseSizes, FillsUpWithTheVocabulary) {
  SizeOverrides overrides;
  overrides.layers = 2;
  overrides.hidden = 1024;
  auto const& family = *find_family("mistral");
  auto const sizes = choose_sizes(family, 500'000'000, overrides);
  EXPECT_EQ(sizes.layers, 2U);
  EXPECT_NEAR(static_cast<double>(parameters_of(family, sizes)), 5e8, 2e6);
}

TEST(ChooseSizes, RefusesWhatCannotBe) {
  struct Case {
    char const* family;
    std::uint64_t parameters;
    SizeOverrides overrides;
    char const* expected;
  };
  for (auto const& [family, parameters, overrides, expected] : std::vector<Case>{
           {"llama", 1000, {}, "the smallest llama has"},
           {"llama", ~0ULL, {}, "more than 2^50 parameters"},
           {"llama", 1'000'000, {.layers = 0}, "a size must be between"},
           {"llama", 1'000'000, {.layers = 100'000}, "--layers 100000 is more than"},
           {"llama", 1'000'000, {.vocabulary = ~0ULL}, "a size must be between"},
           {"llama", 1'000'000, {.hidden = 1U << 24U, .vocabulary = 1U << 24U}, "too large"},
           {"llama", 1'000'000, {.hidden = 8, .heads = 16}, "too small for its heads"},
           {"llama", 1'000'000, {.heads = 7, .kv_heads = 2}, "no multiple of 2 key and value heads"},
           {"bert", 10'000'000, {.hidden = 256, .heads = 7}, "do not divide --hidden 256"},
           {"bert", 10'000'000, {.kv_heads = 2}, "as many key and value heads"},
           {"bert", 10'000'000, {.tied = true}, "no output head"},
           {"llama", 10'000'000, {.experts = 8}, "llama has no experts"},
           {"deepseek_v3", 10'000'000, {.experts = 100'000}, "--experts 100000 is more than"},
       }) {
    try {
      choose_sizes(*find_family(family), parameters, overrides);
      ADD_FAILURE() << expected << ": accepted";
    } catch (UsageError const& error) {
      EXPECT_NE(std::string(error.what()).find(expected), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace distload::synth
