#include "layers/kernels/matmul.hpp"

#include <algorithm>
#include <cassert>

#include <distload/base/bytes.hpp>

#include "layers/kernels/matmul_host.hpp"
#include "layers/kernels/pending_sums.hpp"
#include "layers/kernels/scratch.hpp"

namespace distload {
namespace matmul {
namespace {

using Range = Kokkos::RangePolicy<Kokkos::DefaultHostExecutionSpace>;

/// Numbers of packed tokens that are multiplied at once; 16 MiB.
constexpr std::size_t kPackedTokens = std::size_t{1} << 22U;
constexpr std::size_t kMostTiles = 48;

/// With more tokens, packing is faster than reading rows from the cache again.
constexpr std::size_t kMostTokensByRows = 32;

/// The arguments of `multiply`, as plain pointers.
struct Product {
  Kernels kernels;
  Matrix matrix;
  Tokens x;
  LocalSegments const& segments;
  float* sums;
  std::size_t outputs;

  Columns columns(std::size_t segment) const {
    auto const begin = segments.borders[segment];
    return {begin, segments.borders[segment + 1] - begin};
  }
  std::size_t longest_node() const {
    std::size_t longest = 0;
    for (auto const& node : segments.nodes) longest = std::max<std::size_t>(longest, node.count);
    return longest;
  }
  float* sum(std::size_t node, std::size_t token, std::size_t output) const {
    return sums + (node * x.count + token) * outputs + output;
  }
};

/// Calls add_segment(segment, leaf) for each segment and store(node, sums) for each node. `memory` has
/// `tree_places(product, size)` places.
template <class AddSegment, class Store>
void add_in_tree(Product const& product, std::size_t size, float* memory, AddSegment const& sum_segment,
                 Store const& store) {
  PendingSums pending(memory + size, size);
  auto const& nodes = product.segments.nodes;
  for (std::size_t node = 0; node < nodes.size(); ++node) {
    for (std::size_t segment = nodes[node].first; segment < nodes[node].first + nodes[node].count; ++segment) {
      sum_segment(segment, memory);
      pending.add(memory);
    }
    store(node, pending.finish());
  }
}

std::size_t tree_places(Product const& product, std::size_t size) {
  return size + PendingSums::places(product.longest_node(), size);
}

/// Copies [token][output] numbers, with `stride` from one token to the next, to the sums of a node.
void store_sums(Product const& product, std::size_t node, std::size_t token, std::size_t tokens, std::size_t output,
                std::size_t outputs, float const* from, std::size_t stride) {
  for (std::size_t t = 0; t < tokens; ++t) {
    std::copy_n(from + t * stride, outputs, product.sum(node, token + t, output));
  }
}

/// The sums of up to kGroupRows rows and kFewTokens tokens, from `token` on.
void multiply_group(Product const& product, std::size_t first, std::size_t token) {
  thread_local Scratch scratch;
  Tokens const x{product.x.data + token * product.x.stride, product.x.stride,
                 std::min(kFewTokens, product.x.count - token)};
  auto const count = std::min(kGroupRows, product.outputs - first);
  auto const size = x.count * kGroupRows;
  auto const segments = product.segments.borders.size() - 1;
  auto* const leaves = scratch.floats(segments * size + tree_places(product, size));
  product.kernels.dot_rows(product.matrix, first, count, x, product.segments.borders.data(), segments, leaves);
  add_in_tree(
      product, size, leaves + segments * size,
      [&](std::size_t segment, float* leaf) { std::copy_n(leaves + segment * size, size, leaf); },
      [&](std::size_t node, float const* sums) {
        store_sums(product, node, token, x.count, first, count, sums, kGroupRows);
      });
}

/// Few tokens, rows contiguous: a thread takes kGroupRows rows, which stay in its cache, times all tokens.
void multiply_rows(Product const& product) {
  Kokkos::parallel_for("distload::matmul::rows", Range(0, divide_up(product.outputs, kGroupRows)),
                       [&](std::size_t group) {
                         for (std::size_t token = 0; token < product.x.count; token += kFewTokens) {
                           multiply_group(product, group * kGroupRows, token);
                         }
                       });
}

/// Outputs that a thread takes at a time: enough for each thread to have several, few enough for the cache.
std::size_t columns_width(std::size_t outputs) {
  auto const shares = 4 * static_cast<std::size_t>(Kokkos::DefaultHostExecutionSpace().concurrency());
  return std::clamp(divide_up(divide_up(outputs, shares), kSumLanes) * kSumLanes, std::size_t{64}, std::size_t{256});
}

/// Few tokens, columns contiguous. Precondition: outputs are a multiple of kSumLanes.
void multiply_columns(Product const& product) {
  auto const width = columns_width(product.outputs);
  auto const first_row = product.matrix.row(0);
  Kokkos::parallel_for("distload::matmul::columns", Range(0, divide_up(product.outputs, width)), [&](std::size_t part) {
    thread_local Scratch scratch;
    auto const first = part * width;
    auto const count = std::min(width, product.outputs - first);
    auto const size = product.x.count * count;
    auto* const lanes = scratch.floats(kSumLanes * size + tree_places(product, size));
    add_in_tree(
        product, size, lanes + kSumLanes * size,
        [&](std::size_t segment, float* leaf) {
          product.kernels.add_columns(product.matrix, first_row + first, count, product.x, product.columns(segment),
                                      lanes, leaf);
        },
        [&](std::size_t node, float const* sums) {
          store_sums(product, node, 0, product.x.count, first, count, sums, count);
        });
  });
}

/// Tokens [first, first + count), packed in tiles: segment s of tile t begins at t x places + offsets[s] x kTileTokens.
struct PackedTokens {
  std::size_t first = 0;
  std::size_t count = 0;
  float* numbers = nullptr;
  std::size_t places = 0;  // of a tile
  std::vector<std::size_t> offsets;

  std::size_t tiles() const { return divide_up(count, kTileTokens); }
  float* segment(std::size_t tile, std::size_t segment) const {
    return numbers + tile * places + offsets[segment] * kTileTokens;
  }
};

void pack_tokens(Product const& product, PackedTokens const& packed) {
  Matrix tokens;
  tokens.data = reinterpret_cast<std::byte const*>(product.x.data);
  tokens.row_stride = product.x.stride;
  auto const segments = product.segments.borders.size() - 1;
  Kokkos::parallel_for("distload::matmul::tokens", Range(0, packed.tiles() * segments), [&](std::size_t item) {
    auto const tile = item / segments;
    auto const segment = item % segments;
    auto const count = std::min(kTileTokens, packed.count - tile * kTileTokens);
    product.kernels.pack(tokens, packed.first + tile * kTileTokens, count, product.columns(segment), kTileTokens,
                         packed.segment(tile, segment));
  });
}

/// All packed tokens times kPanelRows outputs from `first` on.
void multiply_panel(Product const& product, PackedTokens const& packed, std::size_t longest, std::size_t first) {
  thread_local Scratch scratch;
  auto const count = std::min(kPanelRows, product.outputs - first);
  auto const size = packed.tiles() * kTileTokens * kPanelRows;
  auto const panel_places = longest * kPanelRows;
  auto* const panel = scratch.floats(panel_places + tree_places(product, size));
  add_in_tree(
      product, size, panel + panel_places,
      [&](std::size_t segment, float* leaf) {
        auto const columns = product.columns(segment);
        product.kernels.pack(product.matrix, first, count, columns, kPanelRows, panel);
        for (std::size_t tile = 0; tile < packed.tiles(); ++tile) {
          product.kernels.tile(panel, packed.segment(tile, segment), columns.steps(),
                               std::min(kTileTokens, packed.count - tile * kTileTokens),
                               leaf + tile * kTileTokens * kPanelRows);
        }
      },
      [&](std::size_t node, float const* sums) {
        store_sums(product, node, packed.first, packed.count, first, count, sums, kPanelRows);
      });
}

/// Many tokens: a thread packs kPanelRows rows at a time and multiplies all packed tokens by them.
void multiply_panels(Product const& product) {
  thread_local Scratch scratch;
  PackedTokens packed;
  std::size_t padded = 0;
  std::size_t longest = 0;
  for (std::size_t segment = 0; segment + 1 < product.segments.borders.size(); ++segment) {
    auto const columns = product.columns(segment).steps() * kSumLanes;
    packed.offsets.push_back(padded);
    padded += columns;
    longest = std::max(longest, columns);
  }
  packed.places = padded * kTileTokens;
  auto const most = std::clamp<std::size_t>(kPackedTokens / std::max<std::size_t>(packed.places, 1), 1, kMostTiles);
  auto const tiles = std::min(most, divide_up(product.x.count, kTileTokens));
  packed.numbers = scratch.floats(tiles * packed.places);
  for (; packed.first < product.x.count; packed.first += tiles * kTileTokens) {
    packed.count = std::min(tiles * kTileTokens, product.x.count - packed.first);
    pack_tokens(product, packed);
    Kokkos::parallel_for("distload::matmul::panels", Range(0, divide_up(product.outputs, kPanelRows)),
                         [&](std::size_t panel) { multiply_panel(product, packed, longest, panel * kPanelRows); });
  }
}

/// The factors as float32, if they are of another type.
std::vector<float> widened(Numbers const& factors) {
  std::vector<float> wide;
  if (factors.empty() || factors.dtype == DType::f32) return wide;
  for (std::uint64_t i = 0; i < factors.size; ++i) wide.push_back(factors(i));
  return wide;
}

Matrix plain(WeightMatrix const& weight, std::vector<float> const& wide_factors, RowTable const& rows) {
  Matrix matrix;
  matrix.data = weight.data;
  matrix.dtype = weight.dtype;
  matrix.row_stride = weight.row_stride;
  matrix.column_stride = weight.column_stride;
  matrix.rows = rows.extent(0) == 0 ? nullptr : rows.data();
  auto const& scale = weight.scale;
  matrix.factors = wide_factors.empty() ? reinterpret_cast<float const*>(scale.factors.data) : wide_factors.data();
  matrix.factor_row_stride = scale.row_stride;
  matrix.factor_column_stride = scale.column_stride;
  matrix.block_rows = scale.block_rows;
  matrix.block_columns = scale.block_columns;
  return matrix;
}

/// True if `add_columns` can compute all outputs.
bool has_plain_columns(Product const& product) {
  auto const& matrix = product.matrix;
  if (matrix.by_rows() || matrix.factors != nullptr || product.outputs % kSumLanes != 0) return false;
  for (std::size_t o = 1; o < product.outputs; ++o) {
    if (matrix.row(o) != matrix.row(0) + o) return false;
  }
  return true;
}

}  // namespace

void multiply_with(Instructions instructions, ConstActivations const& x, WeightMatrix const& weight,
                   RowTable const& rows, LocalSegments const& segments,
                   Kokkos::View<float***, Kokkos::LayoutRight, ShardSpace> const& sums) {
  assert(weight.row_stride == 1 || weight.column_stride == 1);
  if (sums.size() == 0) return;
  auto const wide_factors = widened(weight.scale.factors);
  Product const product{kernels_of(instructions),
                        plain(weight, wide_factors, rows),
                        {x.data(), x.stride(0), x.extent(0)},
                        segments,
                        sums.data(),
                        sums.extent(2)};
  if (product.x.count <= kMostTokensByRows && product.matrix.by_rows()) {
    multiply_rows(product);
  } else if (product.x.count <= kFewTokens && has_plain_columns(product)) {
    multiply_columns(product);
  } else {
    multiply_panels(product);
  }
}

}  // namespace matmul

void multiply(ConstActivations const& x, WeightMatrix const& weight, RowTable const& rows,
              LocalSegments const& segments, Kokkos::View<float***, Kokkos::LayoutRight, ShardSpace> const& sums) {
  static auto const best = matmul::available_instructions().back();
  matmul::multiply_with(best, x, weight, rows, segments, sums);
}

}  // namespace distload
