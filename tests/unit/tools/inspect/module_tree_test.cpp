// The tree of modules: what is joined, what is added up, what is left out.
#include "inspect/module_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "sample_catalog.hpp"

namespace distload {
namespace {

using testing::sample_catalog;
using testing::SampleTensor;

std::vector<std::string> names_of(TreeRow const& row) {
  std::vector<std::string> names;
  for (auto const& child : row.children) names.push_back(child.name);
  return names;
}

std::size_t rows_below(TreeRow const& row) {
  return std::accumulate(row.children.begin(), row.children.end(), row.children.size(),
                         [](std::size_t sum, TreeRow const& child) { return sum + rows_below(child); });
}

/// Layers 0 to 11 of experts 0 to 3; layer 0 has no experts.
std::vector<SampleTensor> mixture() {
  std::vector<SampleTensor> tensors{
      {"model.norm.weight", {8}}, {"lm_head.weight", {16, 8}}, {"model.layers.0.mlp.weight", {8, 8}}};
  for (int layer = 1; layer < 12; ++layer) {
    auto const name = "model.layers." + std::to_string(layer) + ".mlp";
    for (int expert = 0; expert < 4; ++expert)
      tensors.push_back({name + ".experts." + std::to_string(expert) + ".w", {8, 4}});
    tensors.push_back({name + ".gate.weight", {4, 8}, DType::f32});
  }
  return tensors;
}

TEST(ModuleTree, JoinsLayersAndExpertsThatDifferOnlyInTheirNumber) {
  auto const tree = module_tree(sample_catalog(mixture()), {});
  EXPECT_THAT(names_of(tree), ::testing::ElementsAre("lm_head.weight", "model"));
  auto const& layers = tree.children[1].children[0];
  EXPECT_EQ(layers.name, "layers");
  EXPECT_THAT(names_of(layers), ::testing::ElementsAre("0.mlp.weight", "1-11.mlp"));
  auto const& mlp = layers.children[1];
  EXPECT_EQ(mlp.alike, 11U);
  EXPECT_EQ(mlp.tensors, 55U);
  EXPECT_THAT(mlp.dtypes, ::testing::ElementsAre(DType::f32, DType::bf16));
  ASSERT_THAT(names_of(mlp), ::testing::ElementsAre("experts.0-3.w", "gate.weight"));
  auto const& experts = mlp.children[0];
  EXPECT_TRUE(experts.is_tensor);
  EXPECT_EQ(experts.alike, 4U);
  EXPECT_EQ(experts.copies, 44U);
  EXPECT_EQ(experts.nbytes, 44U * 8 * 4 * 2);
  EXPECT_EQ(experts.shape, (Shape{8, 4}));
}

TEST(ModuleTree, AddsUpToTheModel) {
  auto const catalog = sample_catalog(mixture());
  auto const tree = module_tree(catalog, {});
  EXPECT_EQ(tree.nbytes, catalog.nbytes());
  EXPECT_EQ(tree.tensors, catalog.tensors.size());
}

TEST(ModuleTree, ListsADamagedLayerByItself) {
  auto const catalog = sample_catalog(mixture());
  std::vector<std::uint64_t> damaged(catalog.tensors.size());
  damaged[static_cast<std::size_t>(catalog.find("model.layers.5.mlp.experts.2.w") - catalog.tensors.data())] = 3;
  auto const tree = module_tree(catalog, damaged);
  EXPECT_EQ(tree.damaged, 3U);
  auto const& layers = tree.children[1].children[0];
  EXPECT_THAT(names_of(layers), ::testing::ElementsAre("0.mlp.weight", "1-4, 6-11.mlp", "5.mlp"));
  auto const& experts = layers.children[2].children[0];
  EXPECT_THAT(names_of(experts), ::testing::ElementsAre("0-1, 3.w", "2.w"));
  EXPECT_EQ(experts.children[1].damaged, 3U);
}

TEST(ModuleTree, OrdersNumbersByValue) {
  auto const tree = module_tree(sample_catalog({{"l.10.a", {1}}, {"l.9.b", {1}}, {"l.2.c", {1}}}), {});
  EXPECT_THAT(names_of(tree.children[0]), ::testing::ElementsAre("2.c", "9.b", "10.a"));
}

TEST(ModuleTree, ListsATensorThatIsAlsoAModule) {
  auto const tree = module_tree(sample_catalog({{"a", {1}}, {"a.b", {2}}, {"a-c", {1}}}), {});
  ASSERT_THAT(names_of(tree), ::testing::ElementsAre("a", "a-c"));
  EXPECT_EQ(tree.children[0].tensors, 2U);
  EXPECT_EQ(tree.children[0].nbytes, 6U);
}

TEST(ModuleTree, LeavesOutSmallRowsAndCountsThem) {
  std::vector<SampleTensor> tensors;
  for (std::uint64_t i = 1; i <= 500; ++i)
    tensors.push_back({"t" + std::string(1 + i % 7, 'x') + std::to_string(i) + "y", {i}});
  auto const catalog = sample_catalog(tensors);
  auto const tree = module_tree(catalog, {}, {.rows = 100, .children = 40});
  EXPECT_EQ(tree.children.size(), 40U);
  EXPECT_EQ(tree.unlisted_rows, 460U);
  EXPECT_EQ(tree.unlisted_tensors, 460U);
  Bytes listed = 0;
  for (auto const& child : tree.children) {
    EXPECT_GT(child.nbytes, 460U * 2);
    listed += child.nbytes;
  }
  EXPECT_EQ(listed + tree.unlisted_bytes, catalog.nbytes());
}

TEST(ModuleTree, KeepsToTheLimitOfRowsWhateverTheNames) {
  std::vector<SampleTensor> tensors;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    tensors.push_back({std::string(1, static_cast<char>('a' + i % 20)) + ".m" + std::to_string(i % 100) + "x.p" +
                           std::to_string(i) + "q",
                       {1 + i}});
  }
  auto const tree = module_tree(sample_catalog(tensors), {}, {.rows = 300, .children = 50});
  EXPECT_LE(rows_below(tree), 300U);
  EXPECT_GT(rows_below(tree), 250U);
  EXPECT_EQ(tree.tensors, 2000U);
}

}  // namespace
}  // namespace distload
