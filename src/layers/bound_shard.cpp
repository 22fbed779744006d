// Finds outputs and inputs of a parameter in the pieces of its shard.
#include "layers/bound_shard.hpp"

#include <algorithm>

#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "layers/kernels/in_shard_space.hpp"
#include "layers/weight_scale.hpp"

namespace distload {
namespace {

bool is_computed_with(DType dtype, bool is_vector) {
  switch (dtype) {
    case DType::f32:
    case DType::bf16:
    case DType::f16: return true;
    case DType::f8_e4m3:
    case DType::f8_e5m2: return !is_vector;
    default: return false;
  }
}

std::string described(Shard const& shard) {
  return "'" + printable(shard.name) + "' (" + std::string(name_of(shard.dtype)) + " " + to_string(shard.global_shape) +
         ")";
}

}  // namespace

Shard const& shard_of(ShardedModel const& model, std::string const& name) {
  auto const* const shard = model.find(name);
  if (shard == nullptr) throw ConfigError("this rank holds no shard of '" + printable(name) + "', which a layer needs");
  return *shard;
}

BoundShard::BoundShard(ShardedModel const& model, std::string const& name, std::optional<std::uint32_t> matrix)
    : shard_(&shard_of(model, name)), data_(model.bytes(*shard_).data()), matrix_(matrix) {
  auto const axes = shard_->shape.size();
  auto const wanted_axes = matrix ? 3U : 2U;
  if (axes != wanted_axes && (axes != 1 || matrix)) {
    throw ConfigError(described(*shard_) + " is no " + (matrix ? "list of matrices" : "vector or matrix"));
  }
  if (!is_computed_with(shard_->dtype, is_vector())) {
    throw ConfigError(described(*shard_) + ": layers compute with F32, BF16 and F16, and with matrices of FP8");
  }
  if (!matrix) return;
  for (auto const& piece : shard_->layout.pieces) {
    auto const begin = piece.global.offset[0];
    if (*matrix < begin || *matrix >= begin + piece.global.extent[0]) continue;
    local_matrix_ = piece.local_offset[0] + (*matrix - begin);
  }
  if (!local_matrix_) {
    throw ConfigError("this rank does not hold matrix " + std::to_string(*matrix) + " of " + described(*shard_));
  }
}

bool BoundShard::is_transposed() const noexcept {
  auto const last = static_cast<std::uint32_t>(shard_->shape.size()) - 1;
  auto const& partition = shard_->partition;
  return (partition.kind == PartitionKind::column_parallel && partition.axis == last) ||
         (partition.kind == PartitionKind::row_parallel && partition.axis + 1 == last);
}

std::uint32_t BoundShard::output_axis() const noexcept {
  auto const last = static_cast<std::uint32_t>(shard_->shape.size()) - 1;
  return is_vector() || is_transposed() ? last : last - 1;
}

std::uint32_t BoundShard::input_axis() const noexcept {
  auto const last = static_cast<std::uint32_t>(shard_->shape.size()) - 1;
  return is_transposed() ? last - 1 : last;
}

std::uint64_t BoundShard::global_outputs() const { return shard_->global_shape[output_axis()]; }
std::uint64_t BoundShard::global_inputs() const { return shard_->global_shape[input_axis()]; }
std::vector<HeldRange> BoundShard::held_outputs() const { return held(output_axis()); }
std::vector<HeldRange> BoundShard::held_inputs() const { return held(input_axis()); }

std::vector<HeldRange> BoundShard::held(std::uint32_t axis) const {
  std::vector<HeldRange> ranges;
  for (auto const& piece : shard_->layout.pieces) {
    auto const begin = piece.global.offset[axis];
    HeldRange const range{{begin, begin + piece.global.extent[axis]}, piece.local_offset[axis]};
    // Pieces that differ along another axis repeat the range.
    auto const is_equal = [&](HeldRange const& other) { return other.local == range.local; };
    if (std::ranges::none_of(ranges, is_equal)) ranges.push_back(range);
  }
  std::ranges::sort(ranges, {}, &HeldRange::local);
  return ranges;
}

RowTable BoundShard::rows_of(std::vector<Range> const& outputs) const {
  auto const ranges = held_outputs();
  std::vector<std::uint32_t> rows;
  for (auto const& wanted : outputs) {
    for (auto output = wanted.begin; output < wanted.end; ++output) {
      auto const has = [&](HeldRange const& range) {
        return output >= range.global.begin && output < range.global.end;
      };
      auto const found = std::ranges::find_if(ranges, has);
      if (found == ranges.end()) {
        throw ConfigError("this rank's shard of " + described(*shard_) + " has no output " + std::to_string(output));
      }
      rows.push_back(static_cast<std::uint32_t>(found->local + (output - found->global.begin)));
    }
  }
  auto const all = shard_->shape[output_axis()];
  bool as_they_lie = rows.size() == all;
  for (std::size_t i = 0; i < rows.size() && as_they_lie; ++i) as_they_lie = rows[i] == i;
  if (as_they_lie) return {};
  return in_shard_space(rows, "distload::rows");
}

Bytes BoundShard::matrix_offset_bytes() const {
  if (!local_matrix_) return 0;
  auto const& shape = shard_->shape;
  return *local_matrix_ * shape[1] * shape[2] * size_of(shard_->dtype);
}

WeightMatrix BoundShard::matrix(ShardedModel const& model, std::string const& unfused) const {
  WeightMatrix matrix;
  matrix.data = data_ + matrix_offset_bytes();
  matrix.dtype = shard_->dtype;
  auto const width = shard_->shape.back();
  matrix.row_stride = is_transposed() ? 1 : width;
  matrix.column_stride = is_transposed() ? width : 1;
  if (size_of(shard_->dtype) == 1) matrix.scale = scale_of(model, *this, unfused, matrix_);
  return matrix;
}

Numbers BoundShard::vector() const { return {data_, shard_->dtype, shard_->shape[0], {}}; }

void BoundShard::check_group(Topology const& topology, Communicator const& group) const {
  if (shard_->experts) return;
  auto const wrong = [&](std::string const& what) {
    throw ConfigError(described(*shard_) + " is cut for " + std::to_string(topology.tensor_parallel) +
                      " tensor-parallel ranks; " + what);
  };
  if (group.size() != topology.tensor_parallel) wrong("the layer's group has " + std::to_string(group.size()));
  auto const layout = shard_layout(shard_->partition, shard_->global_shape, group.rank(), group.size());
  if (layout != shard_->layout) {
    wrong("rank " + std::to_string(group.rank()) + " of the layer's group holds another rank's shard");
  }
}

}  // namespace distload
