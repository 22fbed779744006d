// multiply on a GPU: a warp computes one output of a few tokens; its threads are the accumulators of a segment.

#include "layers/kernels/in_shard_space.hpp"
#include "layers/kernels/matmul.hpp"
#include "layers/kernels/weight_formats.hpp"

namespace distload::matmul {

inline constexpr std::uint32_t kWarpTokens = 4;  ///< that a warp multiplies by one row at once

/// Sums of a few tokens.
struct TokenSums {
  float of[kWarpTokens] = {};

  KOKKOS_INLINE_FUNCTION TokenSums& operator+=(TokenSums const& other) {
    for (std::uint32_t t = 0; t < kWarpTokens; ++t) of[t] += other.of[t];
    return *this;
  }
};

}  // namespace distload::matmul

template <>
struct Kokkos::reduction_identity<distload::matmul::TokenSums> {
  KOKKOS_FORCEINLINE_FUNCTION static distload::matmul::TokenSums sum() { return {}; }
};

namespace distload {
namespace matmul {
namespace {

using Team = Kokkos::TeamPolicy<>;
using Member = Team::member_type;

constexpr int kTeamRows = 8;               // warps of a team
constexpr std::uint32_t kMostLevels = 32;  // of a tree of segments

/// The arguments of `multiply` on the device.
struct Product {
  ConstActivations x;
  WeightMatrix weight;
  RowTable rows;
  Kokkos::View<std::uint64_t*, ShardSpace> borders;
  Kokkos::View<std::uint32_t*, ShardSpace> firsts;  // segment of each node, and the number of segments
  Kokkos::View<float***, Kokkos::LayoutRight, ShardSpace> sums;

  KOKKOS_FUNCTION float weight_of(std::uint64_t row, std::uint64_t column) const {
    auto const place = row * weight.row_stride + column * weight.column_stride;
    auto const number = weight_at(weight.dtype, weight.data + place * weight_bytes(weight.dtype));
    auto const& scale = weight.scale;
    if (scale.factors.empty()) return number;
    return number * scale.factors(row / scale.block_rows * scale.row_stride +
                                  column / scale.block_columns * scale.column_stride);
  }

  /// The sums of one segment. Kokkos adds the upper half of a warp's numbers to the lower half until one is left.
  KOKKOS_FUNCTION TokenSums segment_sums(Member const& team, std::uint64_t row, std::uint64_t token,
                                         std::uint32_t segment) const {
    auto const begin = borders(segment);
    auto const length = borders(segment + 1) - begin;
    auto const padded = (length + kLanes - 1) / kLanes * kLanes;
    TokenSums sums;
    Kokkos::parallel_reduce(
        Kokkos::ThreadVectorRange(team, padded),
        [&](std::uint64_t k, TokenSums& lane) {
          auto const exists = k < length;
          auto const number = exists ? weight_of(row, begin + k) : 0.0F;
          for (std::uint32_t t = 0; t < kWarpTokens; ++t) {
            auto const active = exists && token + t < x.extent(0);
            lane.of[t] = Kokkos::fma(active ? x(token + t, begin + k) : 0.0F, number, lane.of[t]);
          }
        },
        sums);
    return sums;
  }

  /// The sums of a node, in the order of sum_tree.hpp: slot `level` holds those of 2^level segments.
  KOKKOS_FUNCTION TokenSums node_sums(Member const& team, std::uint64_t row, std::uint64_t token,
                                      std::uint32_t node) const {
    TokenSums slots[kMostLevels];
    auto const count = firsts(node + 1) - firsts(node);
    for (std::uint32_t i = 0; i < count; ++i) {
      auto sums = segment_sums(team, row, token, firsts(node) + i);
      std::uint32_t level = 0;
      for (; (i >> level & 1U) != 0; ++level) sums += slots[level];
      slots[level] = sums;
    }
    TokenSums total;
    bool empty = true;
    for (std::uint32_t level = 0; count >> level != 0; ++level) {
      if ((count >> level & 1U) == 0) continue;
      if (empty) {
        total = slots[level];
      } else {
        total += slots[level];
      }
      empty = false;
    }
    return total;
  }

  KOKKOS_FUNCTION void operator()(Member const& team) const {
    auto const outputs = static_cast<std::uint64_t>(sums.extent(2));
    auto const parts = (outputs + kTeamRows - 1) / kTeamRows;
    auto const league = static_cast<std::uint64_t>(team.league_rank());
    auto const token = league / parts * kWarpTokens;
    auto const output = league % parts * kTeamRows + static_cast<std::uint64_t>(team.team_rank());
    if (output >= outputs) return;
    auto const row = rows.extent(0) == 0 ? output : rows(output);
    for (std::uint32_t node = 0; node < sums.extent(0); ++node) {
      auto const result = node_sums(team, row, token, node);
      Kokkos::single(Kokkos::PerThread(team), [&] {
        for (std::uint32_t t = 0; t < kWarpTokens; ++t) {
          if (token + t < sums.extent(1)) sums(node, token + t, output) = result.of[t];
        }
      });
    }
  }
};

}  // namespace
}  // namespace matmul

void multiply(ConstActivations const& x, WeightMatrix const& weight, RowTable const& rows,
              LocalSegments const& segments, Kokkos::View<float***, Kokkos::LayoutRight, ShardSpace> const& sums) {
  if (sums.size() == 0) return;
  std::vector<std::uint32_t> firsts;
  for (auto const& node : segments.nodes) firsts.push_back(node.first);
  firsts.push_back(static_cast<std::uint32_t>(segments.borders.size() - 1));
  matmul::Product const product{x,
                                weight,
                                rows,
                                in_shard_space(segments.borders, "distload::borders"),
                                in_shard_space(firsts, "distload::nodes"),
                                sums};
  auto const parts = (sums.extent(2) + matmul::kTeamRows - 1) / matmul::kTeamRows;
  auto const token_groups = (sums.extent(1) + matmul::kWarpTokens - 1) / matmul::kWarpTokens;
  Kokkos::parallel_for(
      "distload::matmul",
      matmul::Team(static_cast<int>(parts * token_groups), matmul::kTeamRows, static_cast<int>(kLanes)), product);
}

}  // namespace distload
