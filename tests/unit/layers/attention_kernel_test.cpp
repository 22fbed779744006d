// Attention of single heads against plain loops in double.
#include "layers/kernels/attention_kernel.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace distload {
namespace {

constexpr std::uint64_t kHeads = 2;  // of queries; both have key head 0
constexpr std::uint64_t kDim = 5;

/// What a query's scores are, and which score takes part without a value.
struct Expectation {
  std::function<double(double product, std::uint64_t query, std::uint64_t key)> score;
  std::function<bool(std::uint64_t query, std::uint64_t key)> is_seen;
  std::vector<double> sinks = {};  ///< by head
};

class AttentionKernelTest : public ::testing::Test {
 protected:
  /// Two sequences of `past` + `tokens` tokens, of which the last are new.
  void make(std::uint64_t tokens, std::uint64_t past) {
    sequences_ = {2, tokens, past};
    auto const positions = past + tokens;
    queries_ = Activations("queries", sequences_.rows(), kHeads * kDim);
    results_ = Activations("results", sequences_.rows(), kHeads * kDim);
    cache_ = {KeyValueCache::Numbers("keys", 2, 1, positions, kDim),
              KeyValueCache::Numbers("values", 2, 1, positions, kDim)};
    fill(queries_.data(), queries_.size());
    fill(cache_.keys.data(), cache_.keys.size());
    fill(cache_.values.data(), cache_.values.size());
    options_.key_heads = Kokkos::View<std::uint32_t*, ShardSpace>("key_heads", kHeads);
  }

  void fill(float* numbers, std::size_t count) {
    std::normal_distribution<float> normal;
    for (std::size_t i = 0; i < count; ++i) numbers[i] = normal(random_);
  }

  void expect(Expectation const& expected) {
    attend(options_, queries_, cache_, sequences_, results_);
    for (std::uint64_t row = 0; row < sequences_.rows(); ++row) {
      for (std::uint64_t head = 0; head < kHeads; ++head) expect_head(expected, row, head);
    }
  }

  void expect_head(Expectation const& expected, std::uint64_t row, std::uint64_t head) {
    auto const sequence = row / sequences_.tokens;
    auto const query = sequences_.past + row % sequences_.tokens;
    double sum = expected.sinks.empty() ? 0 : std::exp(expected.sinks[head]);
    std::vector<double> result(kDim, 0);
    for (std::uint64_t key = 0; key < sequences_.past + sequences_.tokens; ++key) {
      if (!expected.is_seen(query, key)) continue;
      double product = 0;
      for (std::uint64_t i = 0; i < kDim; ++i) {
        product +=
            static_cast<double>(queries_(row, head * kDim + i)) * static_cast<double>(cache_.keys(sequence, 0, key, i));
      }
      auto const weight = std::exp(expected.score(product, query, key));
      sum += weight;
      for (std::uint64_t i = 0; i < kDim; ++i)
        result[i] += weight * static_cast<double>(cache_.values(sequence, 0, key, i));
    }
    for (std::uint64_t i = 0; i < kDim; ++i) {
      EXPECT_NEAR(results_(row, head * kDim + i), result[i] / sum, 1e-5) << row << ", " << head << ", " << i;
    }
  }

  std::mt19937 random_{1};
  Sequences sequences_;
  Activations queries_;
  Activations results_;
  KeyValueCache cache_;
  HeadOptions options_;
};

double plain_score(double product, std::uint64_t, std::uint64_t) { return product; }
bool is_before(std::uint64_t query, std::uint64_t key) { return key <= query; }

TEST_F(AttentionKernelTest, Causal) {
  make(4, 0);
  expect({plain_score, is_before});
}

TEST_F(AttentionKernelTest, BehindACache) {
  make(2, 5);
  expect({plain_score, is_before});
}

TEST_F(AttentionKernelTest, OfAnEncoder) {
  make(4, 0);
  options_.causal = false;
  expect({plain_score, [](std::uint64_t, std::uint64_t) { return true; }});
}

TEST_F(AttentionKernelTest, WithAWindow) {
  make(6, 1);
  options_.window = 3;
  expect({plain_score, [](std::uint64_t query, std::uint64_t key) { return key <= query && query - key < 3; }});
}

TEST_F(AttentionKernelTest, WithASoftCapAndAScale) {
  make(5, 0);
  options_.scale = 3;
  options_.soft_cap = 2;
  expect({[](double product, std::uint64_t, std::uint64_t) { return 2 * std::tanh(3 * product / 2); }, is_before});
}

TEST_F(AttentionKernelTest, WithSinks) {
  make(3, 0);
  std::vector<float> const sinks{0.5F, -1.25F};
  options_.sinks = {reinterpret_cast<std::byte const*>(sinks.data()), DType::f32, sinks.size(), {}};
  expect({plain_score, is_before, {0.5, -1.25}});
}

TEST_F(AttentionKernelTest, LargeScoresDoNotOverflow) {
  make(3, 0);
  options_.scale = 1000;
  attend(options_, queries_, cache_, sequences_, results_);
  for (std::size_t i = 0; i < results_.size(); ++i) EXPECT_TRUE(std::isfinite(results_.data()[i]));
}

}  // namespace
}  // namespace distload
