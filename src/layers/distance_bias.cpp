// Buckets of distances: one for each short distance, then wider ones up to the largest.
#include "layers/distance_bias.hpp"

#include <algorithm>
#include <cmath>

#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "layers/bound_shard.hpp"
#include "layers/kernels/in_shard_space.hpp"

namespace distload {
namespace {

/// Of a distance that is not negative, in float32 as transformers.
std::uint32_t bucket_of(std::uint32_t distance, std::uint32_t buckets, std::uint32_t max_distance) {
  auto const exact = buckets / 2;
  if (distance < exact) return distance;
  auto const ratio = std::log(static_cast<float>(distance) / static_cast<float>(exact));
  auto const range = static_cast<float>(std::log(static_cast<double>(max_distance) / exact));
  auto const further = ratio / range * static_cast<float>(buckets - exact);
  return std::min(exact + static_cast<std::uint32_t>(further), buckets - 1);
}

}  // namespace

std::vector<std::uint32_t> distance_buckets(RelativeBias const& bias) {
  auto const buckets = bias.bidirectional ? bias.buckets / 2 : bias.buckets;
  std::vector<std::uint32_t> all;
  for (auto distance = bias.max_distance; distance > 0; --distance) {
    all.push_back(bucket_of(distance, buckets, bias.max_distance));
  }
  for (std::uint32_t distance = 0; distance <= bias.max_distance; ++distance) {
    auto const behind = distance == 0 ? 0 : buckets + bucket_of(distance, buckets, bias.max_distance);
    all.push_back(bias.bidirectional ? behind : 0);
  }
  return all;
}

DistanceBias bound_distance_bias(ShardedModel const& model, std::string const& name, RelativeBias const& bias,
                                 std::vector<std::uint32_t> const& heads, Communicator const& group) {
  BoundShard const shard(model, name);
  auto const fewest = bias.bidirectional ? 4U : 2U;
  if (shard.is_vector() || size_of(shard.shard().dtype) == 1 || shard.global_inputs() != bias.buckets ||
      bias.buckets < fewest || bias.max_distance <= bias.buckets / fewest) {
    throw ConfigError("'" + printable(name) + "' has shape " + to_string(shard.shard().global_shape) +
                      ", which is no table of " + std::to_string(bias.buckets) + " buckets of distances up to " +
                      std::to_string(bias.max_distance));
  }
  shard.check_group(model.topology(), group);
  std::vector<Range> outputs;
  outputs.reserve(heads.size());
  for (auto const head : heads) outputs.push_back({head, head + std::uint64_t{1}});
  auto const& held = shard.shard();
  auto const width = held.shape.back();
  return {.table = {model.bytes(held).data(), held.dtype, held.shape[0] * width, {}},
          .head_stride = shard.is_transposed() ? 1 : width,
          .bucket_stride = shard.is_transposed() ? width : 1,
          .heads = shard.rows_of(outputs),
          .buckets = in_shard_space(distance_buckets(bias), "distload::buckets"),
          .max_distance = bias.max_distance};
}

}  // namespace distload
