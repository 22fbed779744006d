// Tensors that are fused and split on load.
#include "partition/fuse.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model_fixture.hpp"
#include "partition/partition_model.hpp"

namespace distload::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char const* kFuseRules = R"(
sizes: {head_dim: 2}
rules:
  - {match: "h.{layer}.q_proj.weight", partition: column_parallel, heads: 4}
  - {match: "h.{layer}.{k,v}_proj.weight", partition: column_parallel, heads: 2, replicate: true}
  - match: "h.{layer}.qkv_proj.weight"
    partition: column_parallel
    sections: [{heads: 4}, {heads: 2, replicate: true}, {heads: 2, replicate: true}]
  - {match: "h.{layer}.norm.weight", partition: replicated}
fused:
  qkv: {parts: [q_proj, k_proj, v_proj], whole: qkv_proj}
)";

std::vector<NamedShape> apart() {
  return {{"h.{layer}.q_proj.weight", {8, 3}},
          {"h.{layer}.k_proj.weight", {4, 3}},
          {"h.{layer}.v_proj.weight", {4, 3}},
          {"h.{layer}.norm.weight", {3}}};
}

/// One extent for each tensor.
Catalog catalog_of(std::vector<NamedShape> const& tensors) {
  auto catalog = make_catalog(tensors, 2);
  for (std::uint32_t i = 0; i < catalog.tensors.size(); ++i) {
    auto& tensor = catalog.tensors[i];
    tensor.first_extent = i;
    tensor.extent_count = 1;
    catalog.extents.push_back({i, 0, 100 * i, tensor.nbytes(), whole(tensor.shape)});
  }
  return catalog;
}

ModelLayout layout_of(Catalog const& catalog, std::vector<std::string> fuse, std::vector<std::string> split) {
  LayoutOptions options;
  options.fuse = std::move(fuse);
  options.split = std::move(split);
  return partition_model(catalog, {4, 1, 1}, rules_of(kFuseRules), "{}", options);
}

TEST(Fuse, KeepsTheTypeOfAllIfOneKeepsIts) {
  auto const catalog = catalog_of(apart());
  auto layout = layout_of(catalog, {"qkv"}, {});
  for (auto& parameter : layout.parameters)
    parameter.keep_dtype = catalog.tensors[parameter.tensor].name == "h.1.v_proj.weight";
  auto const fused = fuse(catalog, layout);
  EXPECT_FALSE(parameter_of(fused.catalog, fused.layout, "h.0.qkv_proj.weight").keep_dtype);
  EXPECT_TRUE(parameter_of(fused.catalog, fused.layout, "h.1.qkv_proj.weight").keep_dtype);
}

TEST(Fuse, LeavesToTheWholeWhatBelongedToItsParts) {
  auto const catalog = catalog_of({{"h.{layer}.qkv_proj.weight", {16, 3}},
                                   {"h.{layer}.q_proj.input_scale", {}},
                                   {"h.{layer}.v_proj.pre_quant_scale", {3}}});
  auto const layout = layout_of(catalog, {}, {});
  EXPECT_EQ(parameter_of(catalog, layout, "h.0.q_proj.input_scale").partition, Partition{});
  EXPECT_EQ(parameter_of(catalog, layout, "h.1.v_proj.pre_quant_scale").partition, Partition{});
}

TEST(Fuse, PutsBoxesOneAfterTheOther) {
  auto const catalog = catalog_of(apart());
  auto const fused = fuse(catalog, layout_of(catalog, {"qkv"}, {}));
  ASSERT_EQ(fused.catalog.tensors.size(), 4U);
  auto const& tensor = fused.catalog.tensors[1];
  EXPECT_EQ(tensor.name, "h.0.qkv_proj.weight");
  EXPECT_EQ(tensor.shape, (Shape{16, 3}));
  ASSERT_EQ(tensor.extent_count, 3U);
  auto const* const extents = &fused.catalog.extents[tensor.first_extent];
  EXPECT_EQ(extents[0].box, (Box{{0, 0}, {8, 3}}));
  EXPECT_EQ(extents[1].box, (Box{{8, 0}, {4, 3}}));
  EXPECT_EQ(extents[2].box, (Box{{12, 0}, {4, 3}}));
  for (std::size_t i = 0; i < fused.catalog.extents.size(); ++i) {
    EXPECT_EQ(fused.catalog.extents[i].offset_bytes, catalog.extents[fused.stored_extents[i]].offset_bytes);
  }
  EXPECT_EQ(parameter_of(fused.catalog, fused.layout, "h.0.qkv_proj.weight").partition.sections,
            (std::vector<Section>{{8, 2}, {4, 2, true}, {4, 2, true}}));
  EXPECT_EQ(parameter_of(fused.catalog, fused.layout, "h.1.norm.weight").partition, Partition{});
}

TEST(Fuse, RefusesWhatIsIncompleteOrUnlike) {
  auto tensors = apart();
  tensors[2] = {"h.{layer}.v_proj.weight", {4, 5}};
  auto const catalog = catalog_of(tensors);
  EXPECT_THAT(config_error_of([&] { layout_of(catalog, {"qkv"}, {}); }),
              AllOf(HasSubstr("cannot be fused, as not all of q_proj, k_proj, v_proj are there and cut alike"),
                    HasSubstr("h.0.q_proj.weight [8, 3] (and so for 0-1)")));
  EXPECT_THAT(config_error_of([&] { layout_of(catalog, {"qk"}, {}); }),
              HasSubstr("model.fuse: test.yaml says nothing of `qk`; known are qkv; did you mean `qkv`?"));
}

TEST(Split, NamesTheSections) {
  auto const catalog = catalog_of({{"h.{layer}.qkv_proj.weight", {16, 3}}});
  auto const layout = layout_of(catalog, {}, {"qkv"});
  auto const parts = split(layout.parameters.at(0), {16, 3});
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_THAT(layout.parameters.at(0).split_names,
              ElementsAre("h.0.q_proj.weight", "h.0.k_proj.weight", "h.0.v_proj.weight"));
  EXPECT_EQ(parts[1].shape, (Shape{4, 3}));
  EXPECT_EQ(parts[1].partition, (Partition{PartitionKind::column_parallel, 0, {{4, 2, true}}}));
}

}  // namespace
}  // namespace distload::testing
