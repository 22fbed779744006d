// Which parameters share what is decided for one of them.
#include "plan/demand/alike_parameters.hpp"

#include <gtest/gtest.h>

namespace distload {
namespace {

/// Two parameters, alike until a test changes the second.
struct Pair {
  Catalog catalog;
  ModelLayout layout;
  PlanOptions options;

  Pair() {
    Partition const partition{PartitionKind::column_parallel, 0, {{8, 1, false}}};
    for (std::uint32_t i = 0; i < 2; ++i) {
      catalog.tensors.push_back({std::to_string(i), DType::f32, {8, 4}, i, 1, "", -1});
      catalog.extents.push_back({i, 0, i * 128, 128, whole({8, 4}), kNoBlocks});
      layout.parameters.push_back({i, partition, {i}, ""});
    }
  }

  bool alike() const {
    AlikeParameters const compare(catalog, layout, options);
    EXPECT_TRUE(!compare(0, 1) || compare(0) == compare(1)) << "alike, but not of the same hash";
    return compare(0, 1);
  }
};

TEST(AlikeParameters, MayLieElsewhereInTheFileAndOnAnotherStage) { EXPECT_TRUE(Pair().alike()); }

TEST(AlikeParameters, HaveTheSameShapeTypeAndPartition) {
  Pair shape;
  shape.catalog.tensors[1].shape = {4, 8};
  EXPECT_FALSE(shape.alike());
  Pair stored;
  stored.catalog.tensors[1].dtype = DType::i32;
  EXPECT_FALSE(stored.alike());
  Pair partition;
  partition.layout.parameters[1].partition.sections = {{4, 1, false}, {4, 1, false}};
  EXPECT_FALSE(partition.alike());
  Pair experts;
  experts.layout.parameters[1].experts = ExpertPlacement{1, 0};
  EXPECT_FALSE(experts.alike());
  Pair transposed;
  transposed.layout.parameters[1].transposed = true;
  EXPECT_FALSE(transposed.alike());
}

TEST(AlikeParameters, HaveTheSameTypeInMemory) {
  Pair scale;
  scale.options.dtype = DType::bf16;
  EXPECT_TRUE(scale.alike());
  scale.layout.parameters[1].keep_dtype = true;
  EXPECT_FALSE(scale.alike());
}

TEST(AlikeParameters, AreOnEquallyManyStages) {
  Pair stages;
  stages.layout.parameters[1].stages = {0, 1};
  EXPECT_FALSE(stages.alike());
}

TEST(AlikeParameters, AreStoredInTheSameBoxesWithOrWithoutChecksums) {
  Pair checksums;
  checksums.catalog.extents[1].first_block = 0;
  EXPECT_FALSE(checksums.alike());
  Pair boxes;
  boxes.catalog.extents[1].box = whole({4, 4});
  EXPECT_FALSE(boxes.alike());
  Pair number;
  number.catalog.extents.push_back(number.catalog.extents[1]);
  number.catalog.tensors[1].extent_count = 2;
  EXPECT_FALSE(number.alike());
}

}  // namespace
}  // namespace distload
