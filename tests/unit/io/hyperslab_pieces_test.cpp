// Byte ranges of extents as boxes: every byte once, in order, in pieces that are short enough.
#include "io/mpi/hyperslab_pieces.hpp"

#include <random>

#include <gtest/gtest.h>

#include <distload/base/error.hpp>

namespace distload {
namespace {

/// One tensor of one extent, which holds `box` of it.
Catalog catalog_of(Shape const& shape, Box const& box, DType dtype) {
  Catalog catalog;
  catalog.files = {{"a.h5", 0}};
  catalog.tensors = {{"a", dtype, shape, 0, 1, "", -1}};
  catalog.extents = {{0, 0, 0, volume(box) * size_of(dtype), box, kNoBlocks}};
  return catalog;
}

TEST(HyperslabPieces, AWholeExtentIsOneBox) {
  Box const box{{4, 8}, {4, 8}};
  auto const catalog = catalog_of({8, 16}, box, DType::bf16);
  std::vector<std::byte> memory(64);
  ReadRequest const request{0, 0, 64, memory.data()};
  auto const [requests, pieces] = hyperslab_pieces(catalog, {&request, 1}, 64);
  ASSERT_EQ(pieces.size(), 1U);
  EXPECT_EQ(pieces[0].box, box);
  EXPECT_EQ(pieces[0].nbytes, 64U);
  EXPECT_EQ(pieces[0].destination, memory.data());
}

TEST(HyperslabPieces, LongBoxesAreCutIntoRows) {
  auto const catalog = catalog_of({8, 16}, whole({8, 16}), DType::f32);
  std::vector<std::byte> memory(512);
  ReadRequest const request{0, 0, 512, memory.data()};
  auto const pieces = hyperslab_pieces(catalog, {&request, 1}, 200).pieces;
  ASSERT_EQ(pieces.size(), 3U);
  EXPECT_EQ(pieces[0].box, (Box{{0, 0}, {3, 16}}));
  EXPECT_EQ(pieces[2].box, (Box{{6, 0}, {2, 16}}));
  EXPECT_EQ(pieces[2].destination, memory.data() + 384);
}

TEST(HyperslabPieces, AScalarIsABoxWithoutAxes) {
  auto const catalog = catalog_of({}, whole({}), DType::f64);
  std::vector<std::byte> memory(8);
  ReadRequest const request{0, 0, 8, memory.data()};
  auto const pieces = hyperslab_pieces(catalog, {&request, 1}, kMiB).pieces;
  ASSERT_EQ(pieces.size(), 1U);
  EXPECT_TRUE(pieces[0].box.extent.empty());
}

TEST(HyperslabPieces, RefusesPartsOfElements) {
  auto const catalog = catalog_of({8}, whole({8}), DType::f32);
  for (auto const& [begin, nbytes] : {std::pair<Bytes, Bytes>{2, 4}, {0, 6}}) {
    ReadRequest const request{0, begin, nbytes, nullptr};
    EXPECT_THROW(hyperslab_pieces(catalog, {&request, 1}, kMiB), InternalError);
  }
}

/// The pieces, put together again by the definition of row-major order, must be the range.
TEST(HyperslabPieces, CoverRandomRangesInOrder) {
  std::mt19937_64 random(7);
  auto const between = [&](std::uint64_t low, std::uint64_t high) { return low + random() % (high - low + 1); };
  for (int round = 0; round < 2000; ++round) {
    Shape shape;
    Box box;
    for (auto axes = between(1, 4); axes > 0; --axes) {
      box.offset.push_back(between(0, 3));
      box.extent.push_back(between(1, 6));
      shape.push_back(box.offset.back() + box.extent.back() + between(0, 2));
    }
    auto const catalog = catalog_of(shape, box, DType::i16);
    auto const begin = between(0, volume(box) - 1);
    auto const end = between(begin + 1, volume(box));
    auto const longest = between(1, 40);
    std::vector<std::byte> memory(2 * volume(box));
    ReadRequest const request{0, 2 * begin, 2 * (end - begin), memory.data()};
    auto next = begin;
    for (auto const& piece : hyperslab_pieces(catalog, {&request, 1}, longest).pieces) {
      ASSERT_TRUE(contains(box, piece.box));
      ASSERT_TRUE(piece.nbytes == 2 * volume(piece.box) && (piece.nbytes <= longest || piece.nbytes == 2));
      ASSERT_EQ(piece.destination, memory.data() + 2 * (next - begin));
      Dims first = piece.box.offset;
      Dims last = piece.box.offset;
      for (std::size_t axis = 0; axis < first.size(); ++axis) {
        first[axis] -= box.offset[axis];
        last[axis] += piece.box.extent[axis] - 1 - box.offset[axis];
      }
      ASSERT_EQ(linear_index(box.extent, first), next);
      next += volume(piece.box);
      // Its last element is where its volume says, so that it is one run of the extent.
      ASSERT_EQ(linear_index(box.extent, last), next - 1);
    }
    ASSERT_EQ(next, end);
  }
}

}  // namespace
}  // namespace distload
