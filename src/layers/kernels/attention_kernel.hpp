/// attend: softmax of scores and the weighted sum of values, for each query.
#pragma once

#include <cstdint>

#include <Kokkos_Core.hpp>

#include <distload/layers/attention.hpp>

#include "layers/kernels/numbers.hpp"

namespace distload {

/// A number of a table for each head and distance.
struct DistanceBias {
  Numbers table;  ///< empty: there is none
  std::uint64_t head_stride = 0;
  std::uint64_t bucket_stride = 0;
  RowTable heads;                                          ///< by local head: its place in the table; empty: the same
  Kokkos::View<std::uint32_t const*, ShardSpace> buckets;  ///< of distances from -max_distance to max_distance
  std::uint64_t max_distance = 0;
};

/// What the heads of a rank compute.
struct HeadOptions {
  float scale = 1;
  bool causal = true;
  std::uint64_t window = 0;
  float soft_cap = 0;
  bool bias_before_scale = false;
  Kokkos::View<float const*, ShardSpace> slopes;             ///< of ALiBi, by local head; empty: none
  Numbers sinks;                                             ///< by local head; empty: none
  Kokkos::View<std::uint32_t const*, ShardSpace> key_heads;  ///< by local head: its key head in the cache
  DistanceBias distance_bias = {};
  bool sees_whole_cache = false;  ///< instead of tokens up to the query's, or up to the last new one
};

/// results[row][head * value_dim ...] = softmax(scores of the row's query with all keys it sees) x values.
/// `queries` is [rows, heads * key_dim]. Keys of the new tokens are in the cache.
void attend(HeadOptions const& options, ConstActivations const& queries, KeyValueCache const& cache,
            Sequences const& sequences, Activations const& results);

/// Copies x [rows, heads * numbers] to positions past ... of `cached`.
void put_into_cache(ConstActivations const& x, Sequences const& sequences, KeyValueCache::Numbers const& cached);

}  // namespace distload
