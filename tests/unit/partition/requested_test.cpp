// Shards described by boxes, over several tensors and numbers of axes.
#include "partition/requested.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model_fixture.hpp"

namespace distload::testing {
namespace {

using ::testing::HasSubstr;

/// One extent for each tensor.
Catalog stored() {
  auto catalog = make_catalog({{"experts", {3, 4, 5}}, {"k", {2, 5}}, {"q", {4, 5}}, {"scalar", {}}}, 1);
  for (std::uint32_t i = 0; i < catalog.tensors.size(); ++i) {
    auto& tensor = catalog.tensors[i];
    tensor.first_extent = i;
    tensor.extent_count = 1;
    catalog.extents.push_back({i, 0, 1000 * i, tensor.nbytes(), whole(tensor.shape)});
  }
  return catalog;
}

using Requests = std::vector<std::vector<ShardRequest>>;

TEST(Requested, StacksTheTensorsOfAShard) {
  // Two ranks hold halves of q and k beside each other.
  Requests asked(2);
  for (std::uint64_t rank = 0; rank < 2; ++rank) {
    asked[rank] = {{"qkv", {3, 5}, {{"q", {{2 * rank, 0}, {2, 5}}, {0, 0}}, {"k", {{rank, 0}, {1, 5}}, {2, 0}}}}};
  }
  auto const made = requested(stored(), asked);
  ASSERT_EQ(made.catalog.tensors.size(), 1U);
  auto const& tensor = made.catalog.tensors.front();
  EXPECT_EQ(tensor.name, "qkv");
  EXPECT_EQ(tensor.shape, (Shape{6, 5}));
  ASSERT_EQ(tensor.extent_count, 2U);
  EXPECT_EQ(made.catalog.extents[0].box, (Box{{0, 0}, {2, 5}}));  // k
  EXPECT_EQ(made.catalog.extents[1].box, (Box{{2, 0}, {4, 5}}));  // q
  EXPECT_EQ(made.stored_extents, (std::vector<std::uint32_t>{1, 2}));
  auto const& layouts = made.layout.parameters.front().layouts->of_rank;
  ASSERT_EQ(layouts.size(), 2U);
  EXPECT_EQ(layouts[1]->pieces[0], (Piece{{{4, 0}, {2, 5}}, {0, 0}}));
  EXPECT_EQ(layouts[1]->pieces[1], (Piece{{{1, 0}, {1, 5}}, {2, 0}}));
}

TEST(Requested, AddsAxesBeforeThoseThatThereAre) {
  // A matrix out of a stack, and a stack of matrices.
  Requests const asked{{{"one", {4, 5}, {{"experts", {{2, 0, 0}, {1, 4, 5}}, {0, 0}}}},
                        {"two", {2, 2, 5}, {{"q", {{0, 0}, {2, 5}}, {0, 0, 0}}, {"q", {{2, 0}, {2, 5}}, {1, 0, 0}}}},
                        {"zero", {}, {{"scalar", {{}, {}}, {}}}}},
                       {}};
  auto const made = requested(stored(), asked);
  ASSERT_EQ(made.layout.parameters.size(), 3U);
  auto const& one = *made.layout.parameters[0].layouts->of_rank[0];
  EXPECT_EQ(one.shape, (Shape{1, 4, 5}));
  EXPECT_EQ(one.pieces.front(), (Piece{{{2, 0, 0}, {1, 4, 5}}, {0, 0, 0}}));
  EXPECT_FALSE(made.layout.parameters[0].layouts->of_rank[1]);
  auto const& two = *made.layout.parameters[1].layouts->of_rank[0];
  EXPECT_EQ(two.pieces[1], (Piece{{{0, 2, 0}, {1, 2, 5}}, {1, 0, 0}}));
  EXPECT_EQ(made.catalog.find("two")->shape, (Shape{1, 4, 5}));
  EXPECT_EQ(made.layout.parameters[2].layouts->of_rank[0]->shape, Shape{});
}

TEST(Requested, RefusesWhatThereIsNot) {
  auto const message_of = [](ShardRequest request) {
    Requests const asked{{}, {std::move(request)}};
    return config_error_of([&] { requested(stored(), asked); });
  };
  EXPECT_THAT(message_of({"s", {4, 5}, {{"v", {{0, 0}, {4, 5}}, {0, 0}}}}), HasSubstr("rank 1 asks for a shard s"));
  EXPECT_THAT(message_of({"s", {4, 5}, {{"v", {{0, 0}, {4, 5}}, {0, 0}}}}), HasSubstr("no tensor v"));
  EXPECT_THAT(message_of({"s", {4, 5}, {}}), HasSubstr("no parts"));
  EXPECT_THAT(message_of({"s", {4, 5}, {{"q", {{1, 0}, {4, 5}}, {0, 0}}}}), HasSubstr("shape is [4, 5]"));
  EXPECT_THAT(message_of({"s", {4, 5}, {{"q", {{0}, {4}}, {0, 0}}}}), HasSubstr("no part of the tensor"));
  EXPECT_THAT(message_of({"s", {3, 5}, {{"q", {{0, 0}, {4, 5}}, {0, 0}}}}), HasSubstr("not in the shard"));
  EXPECT_THAT(message_of({"s", {4, 5}, {{"q", {{0, 0}, {3, 5}}, {0, 0}}, {"k", {{0, 0}, {2, 5}}, {2, 0}}}}),
              HasSubstr("parts overlap"));
  EXPECT_THAT(config_error_of([] {
                ShardRequest const twice{"s", {4, 5}, {{"q", {{0, 0}, {4, 5}}, {0, 0}}}};
                requested(stored(), Requests{{twice, twice}});
              }),
              HasSubstr("second time"));
  EXPECT_THAT(config_error_of([] {
                auto catalog = stored();
                catalog.tensors[1].dtype = DType::f32;
                requested(
                    catalog,
                    Requests{{{"s", {6, 5}, {{"q", {{0, 0}, {4, 5}}, {0, 0}}, {"k", {{0, 0}, {2, 5}}, {4, 0}}}}}});
              }),
              HasSubstr("q is BF16, but k is F32"));
}

}  // namespace
}  // namespace distload::testing
