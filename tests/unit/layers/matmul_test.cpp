// Products against sums in the stated order, one number at a time: equal bits.
#include "layers/kernels/matmul.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <map>
#include <utility>

#include "layers/sum_tree.hpp"
#include "products.hpp"
#if !defined(KOKKOS_ENABLE_CUDA)
#include "layers/kernels/matmul_host.hpp"
#endif

namespace distload {
namespace {

using ::distload::testing::borders_of;
using ::distload::testing::ProductShape;
using ::distload::testing::RandomProduct;

using Sizes = std::vector<std::size_t>;

constexpr DType kDTypes[] = {DType::f32, DType::bf16, DType::f16, DType::f8_e4m3, DType::f8_e5m2};

void expect_equal_bits(std::vector<float> const& computed, std::vector<float> const& expected) {
  ASSERT_EQ(computed.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(std::bit_cast<std::uint32_t>(computed[i]), std::bit_cast<std::uint32_t>(expected[i]))
        << "number " << i << ": " << computed[i] << " instead of " << expected[i];
  }
}

/// Multiplies with every set of instructions that the processor has.
void expect_stated_sums(RandomProduct const& product) {
  auto const& shape = product.shape;
  SCOPED_TRACE(::testing::Message() << name_of(shape.dtype) << " tokens " << shape.tokens << " outputs "
                                    << shape.outputs << " segments " << shape.borders.size() - 1 << " columns "
                                    << shape.borders.back() << " transposed " << shape.transposed << " table "
                                    << shape.row_table << " scale " << shape.scale_rows << "x" << shape.scale_columns);
  auto const expected = product.expected();
  expect_equal_bits(product.computed(multiply), expected);
#if !defined(KOKKOS_ENABLE_CUDA)
  for (auto const instructions : matmul::available_instructions()) {
    SCOPED_TRACE(static_cast<int>(instructions));
    expect_equal_bits(
        product.computed([&](auto const&... arguments) { matmul::multiply_with(instructions, arguments...); }),
        expected);
  }
#endif
}

void expect_stated_sums(ProductShape const& shape) {
  std::mt19937_64 random(shape.tokens * 1000 + shape.outputs);
  auto const segments = static_cast<std::uint32_t>(shape.borders.size() - 1);
  expect_stated_sums(RandomProduct(shape, {{0, segments}}, random));
}

TEST(Multiply, HasTheSameBitsForAnyNumberOfTokensAndOutputs) {
  for (auto const tokens : Sizes{0, 1, 2, 3, 4, 5, 7, 12, 17, 32, 33, 45, 100, 211}) {
    for (auto const outputs : Sizes{1, 3, 16, 33}) {
      for (bool const transposed : {false, true}) {
        expect_stated_sums(
            ProductShape{.tokens = tokens, .outputs = outputs, .borders = {0, 32, 77}, .transposed = transposed});
      }
    }
  }
}

TEST(Multiply, ReadsEveryFormat) {
  for (auto const dtype : kDTypes) {
    for (auto const tokens : Sizes{1, 2, 3, 4, 17, 37}) {
      for (bool const transposed : {false, true}) {
        for (bool const table : {false, true}) {
          expect_stated_sums(ProductShape{.dtype = dtype,
                                          .tokens = tokens,
                                          .outputs = 80,
                                          .borders = borders_of(3, 24, 13),
                                          .transposed = transposed,
                                          .row_table = table});
        }
      }
    }
  }
}

TEST(Multiply, AddsAnyNumberOfSegments) {
  for (auto const segments : Sizes{1, 2, 3, 7, 12, 48}) {
    for (auto const length : Sizes{1, 16, 19, 64}) {
      for (auto const tokens : Sizes{1, 2, 6, 33}) {
        for (bool const transposed : {false, true}) {
          expect_stated_sums(ProductShape{.dtype = DType::bf16,
                                          .tokens = tokens,
                                          .outputs = 16,
                                          .borders = borders_of(segments, length, 2),
                                          .transposed = transposed});
        }
      }
    }
  }
}

TEST(Multiply, MultipliesByFactors) {
  for (auto const dtype : {DType::f8_e4m3, DType::f8_e5m2, DType::bf16}) {
    for (auto const& [block_rows, block_columns] :
         {std::pair{1U, 100000U}, std::pair{128U, 128U}, std::pair{7U, 5U}, std::pair{16U, 48U}}) {
      for (auto const tokens : Sizes{1, 3, 5, 35}) {
        for (bool const transposed : {false, true}) {
          for (bool const table : {false, true}) {
            expect_stated_sums(ProductShape{.dtype = dtype,
                                            .tokens = tokens,
                                            .outputs = 33,
                                            .borders = {0, 300, 410},
                                            .transposed = transposed,
                                            .row_table = table,
                                            .scale_rows = block_rows,
                                            .scale_columns = block_columns});
          }
        }
      }
    }
  }
}

TEST(Multiply, GivesTheSumsOfNodes) {
  std::mt19937_64 random(1);
  for (auto const tokens : Sizes{1, 9, 40}) {
    for (bool const transposed : {false, true}) {
      ProductShape const shape{.tokens = tokens, .outputs = 16, .borders = borders_of(7, 20), .transposed = transposed};
      expect_stated_sums(RandomProduct(shape, {{0, 1}, {1, 1}, {2, 2}, {4, 3}}, random));
    }
  }
}

/// Segments [first, first + count) of a product, as a rank that holds only them.
RandomProduct part_of(RandomProduct const& whole, std::uint32_t first, std::uint32_t count) {
  auto part = whole;
  auto const begin = whole.shape.borders[first];
  auto const end = whole.shape.borders[first + count];
  auto const bytes = matmul::weight_bytes(whole.shape.dtype);
  part.columns = end - begin;
  part.shape.borders.clear();
  for (auto s = first; s <= first + count; ++s) part.shape.borders.push_back(whole.shape.borders[s] - begin);
  part.x.clear();
  for (std::size_t t = 0; t < whole.shape.tokens; ++t) {
    auto const* const token = whole.x.data() + t * whole.columns;
    part.x.insert(part.x.end(), token + begin, token + end);
  }
  part.weights.clear();
  for (std::size_t o = 0; o < whole.shape.outputs; ++o) {
    auto const* const row = whole.weights.data() + o * whole.columns * bytes;
    part.weights.insert(part.weights.end(), row + begin * bytes, row + end * bytes);
  }
  part.nodes = subtrees_of(static_cast<std::uint32_t>(whole.shape.borders.size() - 1), first, count);
  for (auto& node : part.nodes) node.first -= first;
  return part;
}

/// Adds the sums of gathered nodes in the order of the tree.
float add_nodes(std::uint32_t segments, std::uint32_t first, std::uint32_t count,
                std::map<std::pair<std::uint32_t, std::uint32_t>, float> const& nodes) {
  if (auto const found = nodes.find({first, count}); found != nodes.end()) return found->second;
  auto const half = std::bit_ceil(count) / 2;
  return add_nodes(segments, first, half, nodes) + add_nodes(segments, first + half, count - half, nodes);
}

TEST(Multiply, GivesTheSameBitsFromColumnsOfSeveralRanks) {
  std::mt19937_64 random(2);
  for (std::uint32_t const segments : {1U, 2U, 3U, 7U, 12U, 48U}) {
    ProductShape const shape{.dtype = DType::bf16, .tokens = 2, .outputs = 5, .borders = borders_of(segments, 18)};
    RandomProduct const whole(shape, {{0, segments}}, random);
    auto const expected = whole.computed(multiply);
    for (std::uint32_t ranks = 1; ranks <= std::min(segments, 5U); ++ranks) {
      std::vector<std::map<std::pair<std::uint32_t, std::uint32_t>, float>> gathered(expected.size());
      for (std::uint32_t rank = 0; rank < ranks; ++rank) {
        auto const first = segments * rank / ranks;
        auto const part = part_of(whole, first, segments * (rank + 1) / ranks - first);
        auto const sums = part.computed(multiply);
        for (std::size_t i = 0; i < sums.size(); ++i) {
          auto const& node = part.nodes[i / expected.size()];
          gathered[i % expected.size()][{node.first + first, node.count}] = sums[i];
        }
      }
      std::vector<float> combined;
      combined.reserve(gathered.size());
      for (auto const& nodes : gathered) combined.push_back(add_nodes(segments, 0, segments, nodes));
      expect_equal_bits(combined, expected);
    }
  }
}

TEST(WeightFormats, AreThoseOfTheStandards) {
  EXPECT_EQ(matmul::weight_from_bits(DType::f8_e4m3, 0x7E), 448.0F);
  EXPECT_EQ(matmul::weight_from_bits(DType::f8_e4m3, 0x01), 0x1p-9F);
  EXPECT_EQ(matmul::weight_from_bits(DType::f8_e4m3, 0xB8), -1.0F);
  EXPECT_TRUE(std::isnan(matmul::weight_from_bits(DType::f8_e4m3, 0x7F)));
  EXPECT_TRUE(std::isnan(matmul::weight_from_bits(DType::f8_e4m3, 0xFF)));
  EXPECT_EQ(matmul::weight_from_bits(DType::f8_e5m2, 0x7B), 57344.0F);
  EXPECT_EQ(matmul::weight_from_bits(DType::f8_e5m2, 0x01), 0x1p-16F);
  EXPECT_TRUE(std::isinf(matmul::weight_from_bits(DType::f8_e5m2, 0x7C)));
  EXPECT_EQ(matmul::weight_from_bits(DType::f16, 0x3C00), 1.0F);
  EXPECT_EQ(matmul::weight_from_bits(DType::bf16, 0xBF80), -1.0F);
}

/// All numbers of an 8-bit format as weights of a 1 x 1 product.
TEST(Multiply, ReadsAllEightBitNumbers) {
  std::mt19937_64 random(3);
  for (auto const dtype : {DType::f8_e4m3, DType::f8_e5m2}) {
    ProductShape const shape{.dtype = dtype, .tokens = 1, .outputs = 256, .borders = {0, 16}};
    RandomProduct product(shape, {{0, 1}}, random);
    std::fill(product.x.begin(), product.x.end(), 0.0F);
    product.x[3] = 1.0F;
    std::fill(product.weights.begin(), product.weights.end(), std::byte{0});
    for (std::size_t o = 0; o < 256; ++o) product.weights[o * 16 + 3] = static_cast<std::byte>(o);
    auto const sums = product.computed(multiply);
    for (std::uint32_t o = 0; o < 256; ++o) {
      auto const expected = matmul::weight_from_bits(dtype, o);
      if (std::isnan(expected)) {
        EXPECT_TRUE(std::isnan(sums[o])) << o;
      } else {
        EXPECT_EQ(sums[o], expected) << o;
      }
    }
  }
}

}  // namespace
}  // namespace distload
