/// Random products of activations and weights, and their sums in the stated order, one number at a time.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <random>
#include <vector>

#include <Kokkos_Core.hpp>

#include "layers/kernels/matmul.hpp"
#include "layers/kernels/weight_formats.hpp"

namespace distload::testing {

using SumsView = Kokkos::View<float***, Kokkos::LayoutRight, ShardSpace>;

template <class T>
Kokkos::View<T*, ShardSpace> in_shard_space(std::vector<T> const& numbers) {
  using Host = Kokkos::View<T const*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;
  Kokkos::View<T*, ShardSpace> view("numbers", numbers.size());
  Kokkos::deep_copy(view, Host(numbers.data(), numbers.size()));
  return view;
}

/// The sum of one node in the order of the tree.
inline float add_tree(std::vector<float> sums) {
  while (sums.size() > 1) {
    std::vector<float> next;
    for (std::size_t i = 0; i < sums.size(); i += 2) {
      next.push_back(i + 1 < sums.size() ? sums[i] + sums[i + 1] : sums[i]);
    }
    sums = next;
  }
  return sums.front();
}

/// A product's shape.
struct ProductShape {
  DType dtype = DType::f32;
  std::size_t tokens = 1;
  std::size_t outputs = 1;
  std::vector<std::uint64_t> borders;
  bool transposed = false;
  bool row_table = false;
  std::uint64_t scale_rows = 0;  ///< of a block of factors; 0: not scaled
  std::uint64_t scale_columns = 0;
};

/// Borders of `segments` segments of `length` columns, the odd ones longer by `more`.
inline std::vector<std::uint64_t> borders_of(std::size_t segments, std::uint64_t length, std::uint64_t more = 0) {
  std::vector<std::uint64_t> borders{0};
  for (std::size_t i = 0; i < segments; ++i) borders.push_back(borders.back() + length + i % 2 * more);
  return borders;
}

/// A product on the host. Activations begin in the middle of wider rows.
class RandomProduct {
 public:
  ProductShape shape;
  std::vector<SumNode> nodes;
  std::vector<float> x;  // [tokens][columns]
  std::vector<std::byte> weights;
  std::vector<std::uint32_t> rows;
  std::vector<float> factors;
  WeightScale scale;
  std::size_t matrix_rows;
  std::size_t columns;

  RandomProduct(ProductShape const& shape_, std::vector<SumNode> const& nodes_, std::mt19937_64& random)
      : shape(shape_), nodes(nodes_), matrix_rows(shape.outputs), columns(shape.borders.back()) {
    if (shape.row_table) choose_rows(random);
    std::normal_distribution<float> normal;
    x.resize(shape.tokens * columns);
    for (auto& number : x) number = normal(random);
    weights.resize(matrix_rows * columns * matmul::weight_bytes(shape.dtype));
    fill_weights(random);
    if (shape.scale_rows != 0) choose_factors(random);
  }

  WeightMatrix matrix(std::byte const* data) const {
    auto const by_rows = WeightMatrix{data, shape.dtype, columns, 1, scale};
    return shape.transposed ? WeightMatrix{data, shape.dtype, 1, matrix_rows, scale} : by_rows;
  }

  /// Weight (output, column) as float32, with its factor.
  float weight(std::size_t output, std::size_t column) const {
    auto const row = rows.empty() ? output : rows[output];
    auto const place = shape.transposed ? column * matrix_rows + row : row * columns + column;
    auto const number = matmul::weight_at(shape.dtype, weights.data() + place * matmul::weight_bytes(shape.dtype));
    if (factors.empty()) return number;
    auto const block = row / scale.block_rows * scale.row_stride + column / scale.block_columns * scale.column_stride;
    return number * factors[block];
  }

  /// The sum of a segment in the stated order.
  float segment_sum(std::size_t token, std::size_t output, std::size_t segment) const {
    float lanes[kLanes] = {};
    auto const begin = shape.borders[segment];
    auto const length = shape.borders[segment + 1] - begin;
    for (std::size_t k = 0; k < (length + kLanes - 1) / kLanes * kLanes; ++k) {
      auto const a = k < length ? x[token * columns + begin + k] : 0.0F;
      auto const b = k < length ? weight(output, begin + k) : 0.0F;
      lanes[k % kLanes] = std::fma(a, b, lanes[k % kLanes]);
    }
    for (std::size_t half = kLanes / 2; half > 0; half /= 2) {
      for (std::size_t lane = 0; lane < half; ++lane) lanes[lane] += lanes[lane + half];
    }
    return lanes[0];
  }

  std::vector<float> expected() const {
    std::vector<float> sums;
    for (auto const& node : nodes) {
      for (std::size_t token = 0; token < shape.tokens; ++token) {
        for (std::size_t output = 0; output < shape.outputs; ++output) {
          std::vector<float> leaves;
          for (auto s = node.first; s < node.first + node.count; ++s) leaves.push_back(segment_sum(token, output, s));
          sums.push_back(add_tree(leaves));
        }
      }
    }
    return sums;
  }

  /// The sums that `multiply_in(x, weight, rows, segments, sums)` writes. Data are not aligned to vectors.
  template <class Multiply>
  std::vector<float> computed(Multiply const& multiply_in) const {
    std::vector<float> shifted(1 + x.size());
    std::copy(x.begin(), x.end(), shifted.begin() + 1);
    auto const numbers = in_shard_space(shifted);
    std::vector<std::byte> moved(4 + weights.size());
    std::copy(weights.begin(), weights.end(), moved.begin() + 4);
    auto const data = in_shard_space(moved);
    SumsView const sums("sums", nodes.size(), shape.tokens, shape.outputs);
    RowTable const table = rows.empty() ? RowTable() : RowTable(in_shard_space(rows));
    multiply_in(ConstActivations(Activations(numbers.data() + 1, shape.tokens, columns)), matrix(data.data() + 4),
                table, LocalSegments{shape.borders, nodes}, sums);
    Kokkos::fence("before the sums are read");
    std::vector<float> result(sums.size());
    Kokkos::View<float*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>> const to(result.data(),
                                                                                              result.size());
    Kokkos::deep_copy(to, Kokkos::View<float*, ShardSpace>(sums.data(), sums.size()));
    return result;
  }

 private:
  void choose_rows(std::mt19937_64& random) {
    matrix_rows = shape.outputs + 5;
    rows.resize(shape.outputs);
    for (auto& row : rows) row = static_cast<std::uint32_t>(random() % matrix_rows);
  }

  void choose_factors(std::mt19937_64& random) {
    scale.block_rows = shape.scale_rows;
    scale.block_columns = shape.scale_columns;
    auto const block_rows = (matrix_rows - 1) / scale.block_rows + 1;
    auto const block_columns = (columns - 1) / scale.block_columns + 1;
    factors.resize(block_rows * block_columns);
    scale.row_stride = shape.transposed ? 1 : block_columns;
    scale.column_stride = shape.transposed ? block_rows : 1;
    std::uniform_real_distribution<float> uniform(0.1F, 3.0F);
    for (auto& factor : factors) factor = uniform(random);
    scale.factors = {reinterpret_cast<std::byte const*>(factors.data()), DType::f32, factors.size(), {}};
  }

  /// Random bits, of which NaN, infinite and very large numbers are replaced by zero; for float32 normal numbers.
  void fill_weights(std::mt19937_64& random) {
    std::normal_distribution<float> normal;
    auto const bytes = matmul::weight_bytes(shape.dtype);
    for (std::size_t i = 0; i < weights.size(); i += bytes) {
      auto const number = normal(random);
      auto const bits = random();
      if (bytes == 4) {
        std::memcpy(&weights[i], &number, bytes);
        continue;
      }
      std::memcpy(&weights[i], &bits, bytes);
      if (!(std::abs(matmul::weight_at(shape.dtype, &weights[i])) < 1e5F)) std::memset(&weights[i], 0, bytes);
    }
  }
};

}  // namespace distload::testing
