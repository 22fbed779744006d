// Sorting, joining and cutting of read requests.
#include "io/engines/read_order.hpp"

#include <vector>

#include <gtest/gtest.h>

#include <distload/base/error.hpp>

namespace distload {
namespace {

/// Three extents: the first two are neighbours in file 0, the third lies in file 1; only the first has
/// checksums.
Catalog catalog_of_three() {
  Catalog catalog;
  catalog.files = {{"a", 100 * kMiB}, {"b", 100 * kMiB}};
  catalog.tensors.resize(3);
  auto const box = [](Bytes nbytes) { return whole(Shape{nbytes}); };
  catalog.extents = {{0, 0, 4096, 10 * kMiB, box(10 * kMiB), 0},
                     {1, 0, 4096 + 10 * kMiB, 64, box(64), kNoBlocks},
                     {2, 1, 0, 128, box(128), kNoBlocks}};
  catalog.block_hashes.resize(3);
  return catalog;
}

class OrderRequests : public ::testing::Test {
 protected:
  Catalog catalog_ = catalog_of_three();
  std::vector<std::byte> memory_ = std::vector<std::byte>(12 * kMiB);
  std::byte* at(Bytes offset) { return memory_.data() + offset; }
};

TEST_F(OrderRequests, SortsByFileAndOffset) {
  std::vector<ReadRequest> const requests{
      {2, 0, 128, at(0)}, {1, 32, 32, at(1000)}, {0, 0, 4 * kMiB, at(2000)}, {1, 0, 16, at(5000)}};
  auto const order = order_requests(catalog_, requests);
  ASSERT_EQ(order.runs.size(), 4U);
  EXPECT_EQ(order.runs[0].offset_bytes, 4096U);
  EXPECT_EQ(order.runs[1].offset_bytes, 4096U + 10 * kMiB);
  EXPECT_EQ(order.runs[2].offset_bytes, 4096U + 10 * kMiB + 32);
  EXPECT_EQ(order.runs[3].file, 1U);
}

TEST_F(OrderRequests, JoinsNeighboursInFileAndMemoryAcrossExtents) {
  std::vector<ReadRequest> const requests{
      {1, 0, 64, at(10 * kMiB)}, {0, 4 * kMiB, 6 * kMiB, at(4 * kMiB)}, {0, 0, 4 * kMiB, at(0)}};
  auto const order = order_requests(catalog_, requests);
  ASSERT_EQ(order.runs.size(), 1U);
  EXPECT_EQ(order.runs[0].nbytes, 10 * kMiB + 64);
  EXPECT_EQ(order.runs[0].request_count, 3U);
  EXPECT_EQ(order.requests_of(order.runs[0])[1].begin_bytes, 4 * kMiB);
}

TEST_F(OrderRequests, DoesNotJoinWhatIsApartInMemory) {
  std::vector<ReadRequest> const requests{{0, 0, 4 * kMiB, at(0)}, {0, 4 * kMiB, 6 * kMiB, at(4 * kMiB + 1)}};
  EXPECT_EQ(order_requests(catalog_, requests).runs.size(), 2U);
}

TEST_F(OrderRequests, DoesNotJoinEqualOffsetsOfDifferentFiles) {
  catalog_.extents[2].offset_bytes = 4096 + 10 * kMiB + 64;
  std::vector<ReadRequest> const requests{{1, 0, 64, at(0)}, {2, 0, 128, at(64)}};
  EXPECT_EQ(order_requests(catalog_, requests).runs.size(), 2U);
}

TEST_F(OrderRequests, CutsLongRunsBetweenBlocks) {
  std::vector<ReadRequest> const requests{{0, 0, 10 * kMiB, at(0)}, {1, 0, 64, at(10 * kMiB)}};
  auto const order = order_requests(catalog_, requests, kBlockBytes);
  ASSERT_EQ(order.runs.size(), 3U);
  EXPECT_EQ(order.runs[0].nbytes, kBlockBytes);
  EXPECT_EQ(order.runs[1].destination, at(kBlockBytes));
  EXPECT_EQ(order.runs[2].nbytes, 2 * kMiB + 64);
}

TEST_F(OrderRequests, JoinsNeighboursWithoutDestination) {
  std::vector<ReadRequest> const requests{{0, kBlockBytes, kBlockBytes, nullptr, 8}, {0, 0, kBlockBytes, nullptr, 7}};
  auto const order = order_requests(catalog_, requests);
  ASSERT_EQ(order.runs.size(), 1U);
  auto const& run = order.runs.front();
  EXPECT_EQ(run.nbytes, 2 * kBlockBytes);
  EXPECT_EQ(order_requests(catalog_, requests, kBlockBytes).runs.size(), 2U);

  std::vector<std::byte> const bytes(100);
  auto const parts = passing_bytes(catalog_, run, order.requests_of(run), kBlockBytes - 40, bytes);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].request, 7U);
  EXPECT_EQ(parts[0].begin, kBlockBytes - 40);
  EXPECT_EQ(parts[0].bytes.size(), 40U);
  EXPECT_EQ(parts[1].request, 8U);
  EXPECT_EQ(parts[1].begin, 0U);
  EXPECT_EQ(parts[1].bytes.data(), bytes.data() + 40);
  EXPECT_EQ(parts[1].bytes.size(), 60U);
}

TEST_F(OrderRequests, DividesNothingThatHasNoDestination) {
  std::vector<ReadRequest> const requests{{1, 0, 64, nullptr}, {0, 0, 10 * kMiB, nullptr}};
  auto const order = order_requests(catalog_, requests, kBlockBytes);
  ASSERT_EQ(order.runs.size(), 2U);
  EXPECT_EQ(order.runs[0].nbytes, 10 * kMiB);
  EXPECT_EQ(order.runs[1].destination, nullptr);
}

TEST_F(OrderRequests, DropsEmptyRequests) {
  std::vector<ReadRequest> const requests{{0, 0, 0, at(0)}, {2, 128, 0, nullptr}};
  EXPECT_TRUE(order_requests(catalog_, requests).runs.empty());
}

TEST_F(OrderRequests, RefusesWhatIsNoRequest) {
  std::vector<ReadRequest> const bad{
      {3, 0, 1, at(0)},                    // no such extent
      {1, 0, 65, at(0)},                   // longer than the extent
      {1, 65, 0, at(0)},                   // begins behind it
      {2, 1, ~Bytes{0}, at(0)},            // begin + nbytes overflows
      {0, 1, kBlockBytes - 1, at(0)},      // begins inside a block
      {0, 0, kBlockBytes - 1, at(0)},      // ends inside a block
      {0, 8 * kMiB, 2 * kMiB - 1, at(0)},  // ends inside the last block
  };
  for (auto const& request : bad) EXPECT_THROW(order_requests(catalog_, {&request, 1}), InternalError);
}

TEST_F(OrderRequests, TakesPartsOfBlocksThatNobodyVerifies) {
  ReadRequest const part{0, 1, kBlockBytes, at(0)};
  EXPECT_EQ(order_requests(catalog_, {&part, 1}, kUnlimitedRun, false).runs.size(), 1U);
  ReadRequest const outside{0, 10 * kMiB - 1, 2, at(0)};
  EXPECT_THROW(order_requests(catalog_, {&outside, 1}, kUnlimitedRun, false), InternalError);
}

TEST(ShortNeighbours, AreConsecutiveShortRunsThatMayBeJoined) {
  auto const always = [](distload::Run const&, distload::Run const&, distload::Run const&) { return true; };
  auto const lengths = [](std::vector<Bytes> const& runs, auto const& joins) {
    ReadOrder order;
    Bytes offset = 0;
    for (auto const nbytes : runs) {
      order.runs.push_back({.offset_bytes = offset, .nbytes = nbytes});
      offset += nbytes;
    }
    std::vector<std::size_t> found;
    for (auto const neighbours : short_neighbours(order, joins)) found.push_back(neighbours.size());
    return found;
  };
  using Lengths = std::vector<std::size_t>;
  auto const shortest_long = kShortRunBytes + 1;
  EXPECT_EQ(lengths({}, always), Lengths{});
  EXPECT_EQ(lengths({kStepBytes + 1}, always), Lengths{1});
  EXPECT_EQ(lengths({1, kShortRunBytes, 1}, always), Lengths{3});
  EXPECT_EQ(lengths({1, shortest_long, 1, 1}, always), (Lengths{1, 1, 2}));
  EXPECT_EQ(lengths({shortest_long, 1, 1, shortest_long}, always), (Lengths{1, 2, 1}));
  EXPECT_EQ(lengths(std::vector<Bytes>(9, kShortRunBytes), always), (Lengths{8, 1}));
  EXPECT_EQ(lengths({1, 1, 1, 1, 1},
                    [](distload::Run const& first, distload::Run const& previous, distload::Run const& run) {
                      EXPECT_EQ(previous.offset_bytes + 1, run.offset_bytes);
                      return run.offset_bytes - first.offset_bytes < 2;
                    }),
            (Lengths{2, 2, 1}));
}

}  // namespace
}  // namespace distload
