// The page: what is gathered for it, and that it is whole and safe whatever the names.
#include "inspect/page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "sample_catalog.hpp"

namespace distload {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::sample_catalog;
using testing::SampleTensor;

std::size_t count_of(std::string const& text, std::string const& wanted) {
  std::size_t count = 0;
  for (auto at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + 1)) ++count;
  return count;
}

TEST(LayerSizes, JoinsNeighboursOfOneSize) {
  std::vector<SampleTensor> tensors{{"embed.weight", {10}}};
  for (int layer = 0; layer < 6; ++layer) {
    tensors.push_back({"layers." + std::to_string(layer) + ".w", {layer == 3 ? 8U : 4U}});
  }
  auto const sizes = layer_sizes(sample_catalog(tensors));
  ASSERT_EQ(sizes.stacks.size(), 1U);
  ASSERT_EQ(sizes.stacks[0].runs.size(), 3U);
  EXPECT_THAT(sizes.stacks[0].runs[0].numbers, ElementsAre(0, 1, 2));
  EXPECT_THAT(sizes.stacks[0].runs[1].numbers, ElementsAre(3));
  EXPECT_EQ(nbytes_of(sizes.stacks[0].runs[1].each), 16U);
  ASSERT_EQ(sizes.outside.size(), 1U);
  EXPECT_EQ(sizes.outside[0].name, "embed");
}

/// Tensor a has blocks 0 to 3 of 64 bytes, tensor b blocks 4 and 5; block 2 of a is damaged.
BlockMap damaged_map(Catalog const& catalog) {
  Health health;
  health.code = ExitCode::corrupt_data;
  health.damage.push_back({0, 128, 64, false, "damaged data: a", false});
  return block_map(catalog, std::move(health));
}

TEST(BlockMap, NumbersTheDamagedBlocksOfFilesAndTensors) {
  auto const map = damaged_map(sample_catalog({{"a", {128}}, {"b", {64}}}));
  ASSERT_EQ(map.files.size(), 1U);
  EXPECT_EQ(map.files[0].blocks, 6U);
  EXPECT_EQ(map.files[0].damaged, 1U);
  ASSERT_EQ(map.tensors.size(), 1U);
  EXPECT_EQ(map.tensors[0].name, "a");
  EXPECT_THAT(map.tensors[0].damaged, ElementsAre(2));
  auto const& runs = map.tensors[0].strip.runs;
  ASSERT_EQ(runs.size(), 3U);
  EXPECT_EQ(runs[1].state, BlockState::damaged);
  EXPECT_EQ(runs[1].first, 2U);
  EXPECT_EQ(runs[1].count, 1U);
}

TEST(BlockMap, ShowsOneDamagedBlockOfVeryMany) {
  auto const catalog = sample_catalog({{"a", {1U << 20U}}});
  Health health;
  health.code = ExitCode::corrupt_data;
  health.damage.push_back({0, 64 * 1000, 64, false, "damaged data: a", false});
  auto const map = block_map(catalog, health);
  EXPECT_EQ(map.files[0].strip.cells, kMostCells);
  EXPECT_EQ(std::ranges::count(map.files[0].strip.runs, BlockState::damaged, &CellRun::state), 1);
}

TEST(Page, HoldsNoMarkupOfOthers) {
  std::string const evil =
      "</script></style></title><script>alert(1)</script><img src=x onerror=alert(1)>\" onload=\"x";
  auto catalog = sample_catalog({{evil, {4}}, {evil + ".0.w", {4}}, {evil + ".1.w", {4}}});
  catalog.path = catalog.metadata.model_name = catalog.metadata.architecture = catalog.metadata.writer = evil;
  catalog.metadata.extra[evil] = evil;
  catalog.warnings = {evil};
  catalog.files[0].path = evil;
  catalog.metadata.files.push_back({evil, 1, true, "", 0, 0, std::nullopt, nullptr});
  Health health;
  health.code = ExitCode::corrupt_data;
  health.damage.push_back({0, 0, 8, false, evil, false});
  health.damage.push_back({0, 0, 1, false, evil, true});
  Holding holding;
  holding.family = evil;
  holding.stages.push_back({evil, {evil}, {{0, 0, {}}}});
  holding.kinds.push_back({evil, 1, DType::f32, {4}, PartitionKind::replicated, 0, 1, false, {4}, 16, {0}});
  holding.notes = {evil};
  auto const html = html_of(gather_page(catalog, health, {holding}, {{{}, evil}}));
  EXPECT_EQ(count_of(html, "<script"), 1U);
  EXPECT_EQ(count_of(html, "</script"), 1U);
  EXPECT_EQ(count_of(html, "<style"), 1U);
  EXPECT_EQ(count_of(html, "</title"), 1U);
  EXPECT_EQ(count_of(html, "<img"), 0U);
  EXPECT_EQ(count_of(html, "onload=\"x"), 0U);
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(1)"));
}

TEST(Page, FetchesNothing) {
  auto const html = html_of(gather_page(sample_catalog({{"a", {4}}}), std::nullopt, {}, {}));
  EXPECT_FALSE(std::regex_search(html, std::regex("(src|href)=\"[^#\"]|@import|url\\([^#)]|https?:")));
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
}

TEST(Page, SaysWhetherBlocksAreVerified) {
  auto const catalog = sample_catalog({{"a", {128}}, {"b", {64}}});
  EXPECT_THAT(html_of(gather_page(catalog, std::nullopt, {}, {})), HasSubstr("have not been compared"));
  EXPECT_THAT(html_of(gather_page(catalog, Health{}, {}, {})), HasSubstr("Nothing is damaged"));
  auto const html = html_of(gather_page(catalog, damaged_map(catalog).health, {}, {}));
  EXPECT_THAT(html, HasSubstr(">block 2</td>"));
  EXPECT_THAT(html, HasSubstr("1 damaged block"));
  EXPECT_THAT(html, Not(HasSubstr("Nothing is damaged")));
}

/// 400 layers of 500 tensors, each with sizes of its own.
std::vector<SampleTensor> without_repetition() {
  std::vector<SampleTensor> tensors;
  for (std::uint64_t i = 0; i < 200'000; ++i) {
    tensors.push_back({"model.layers." + std::to_string(i / 500) + ".block." + std::to_string(i % 500) +
                           ".some_long_name_of_a_weight",
                       {i + 1}});
  }
  return tensors;
}

TEST(Page, StaysSmallForLargeModelsWithoutRepetition) {
  auto const catalog = sample_catalog(without_repetition(), 4096);
  auto const html = html_of(gather_page(catalog, Health{}, {}, {}));
  EXPECT_LT(html.size(), 3 * kMiB);
  EXPECT_THAT(html, HasSubstr("200,000 tensors"));
}

}  // namespace
}  // namespace distload
