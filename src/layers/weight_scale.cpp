// Finds the scale of a weight and the size of its blocks.
#include "layers/weight_scale.hpp"

#include <bit>
#include <string>

#include <distload/base/bytes.hpp>
#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "layers/bound_shard.hpp"

namespace distload {
namespace {

Shard const& found_scale(ShardedModel const& model, std::string const& weight, std::string const& unfused) {
  for (auto const* const name : {&weight, &unfused}) {
    for (auto const* const ending : {"_scale_inv", "_scale"}) {
      if (auto const* const found = model.find(*name + ending)) return *found;
    }
  }
  throw ConfigError("'" + printable(weight) + "' is FP8, but this rank holds no scale of it (" + printable(weight) +
                    "_scale_inv or _scale)");
}

/// Numbers of the weight along one axis that share a factor: the power of two that fits, as of all known formats, or
/// else equally many for each factor.
std::uint64_t block_of(std::uint64_t size, std::uint64_t factors) {
  if (factors <= 1) return size;
  auto const block = std::bit_ceil(divide_up(size, factors));
  return divide_up(size, block) == factors ? block : divide_up(size, factors);
}

[[noreturn]] void refuse(Shard const& scale, std::string const& why) {
  throw ConfigError("'" + printable(scale.name) + "' (" + std::string(name_of(scale.dtype)) + " " +
                    to_string(scale.global_shape) + ") " + why);
}

}  // namespace

WeightScale scale_of(ShardedModel const& model, BoundShard const& weight, std::string const& unfused,
                     std::optional<std::uint32_t> matrix) {
  auto const* const shard = &found_scale(model, weight.name(), unfused);
  if (shard->dtype != DType::f32 && shard->dtype != DType::bf16 && shard->dtype != DType::f16) {
    refuse(*shard, "is no scale of F32, BF16 or F16");
  }
  auto const leading = matrix ? std::size_t{1} : std::size_t{0};
  auto const axes = shard->shape.size();
  auto const is_one_factor = volume(shard->global_shape) == 1;
  if (!is_one_factor && (axes < leading + 1 || axes > leading + 2)) refuse(*shard, "is no scale in blocks of a matrix");
  WeightScale scale;
  scale.factors = {model.bytes(*shard).data(), shard->dtype, volume(shard->shape), {}};
  if (is_one_factor) {
    scale.block_rows = weight.global_outputs();
    scale.block_columns = weight.global_inputs();
    return scale;
  }
  auto const is_transposed = weight.is_transposed();
  auto const at = [&](Shape const& shape, std::size_t axis) {
    return axis < shape.size() ? shape[axis] : std::uint64_t{1};
  };
  auto const row_axis = axes == leading + 1 ? leading : leading + (is_transposed ? 1U : 0U);
  auto const column_axis = axes == leading + 1 ? leading + 1 : leading + (is_transposed ? 0U : 1U);
  scale.block_rows = block_of(weight.global_outputs(), at(shard->global_shape, row_axis));
  scale.block_columns = block_of(weight.global_inputs(), at(shard->global_shape, column_axis));
  auto const rows = at(shard->shape, row_axis);
  auto const columns = at(shard->shape, column_axis);
  scale.row_stride = is_transposed && axes == leading + 2 ? 1 : columns;
  scale.column_stride = is_transposed && axes == leading + 2 ? rows : 1;
  if (matrix) {
    BoundShard const in_list(model, shard->name, axes == 3 ? matrix : std::nullopt);
    scale.factors.data += in_list.matrix_offset_bytes();
    if (axes != 3) refuse(*shard, "is no scale in blocks of a list of matrices");
  }
  return scale;
}

}  // namespace distload
