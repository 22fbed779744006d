/// BoundShard: a shard as a layer sees it: which outputs and inputs of the whole parameter it has, and where they lie.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <distload/load/sharded_model.hpp>
#include <distload/parallel/communicator.hpp>

#include "layers/kernels/matmul.hpp"
#include "layers/kernels/numbers.hpp"

namespace distload {

/// Consecutive positions [begin, end) along an axis of the whole parameter.
struct Range {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;

  std::uint64_t size() const noexcept { return end - begin; }
  friend bool operator==(Range const&, Range const&) = default;
};

/// A range of the whole parameter and its position in the shard.
struct HeldRange {
  Range global;
  std::uint64_t local = 0;
};

/// @throws ConfigError  this rank holds no shard of that parameter.
Shard const& shard_of(ShardedModel const& model, std::string const& name);

/// Of a vector, a matrix, or one of the matrices of a tensor with three axes, [experts, out, in].
class BoundShard {
 public:
  /// @param matrix  which matrix of three axes, counted in the whole parameter
  /// @throws ConfigError  as shard_of; or the shard is no vector or matrix of floating-point numbers that layers
  ///                      compute with, or this rank does not hold that matrix.
  BoundShard(ShardedModel const& model, std::string const& name, std::optional<std::uint32_t> matrix = std::nullopt);

  std::string const& name() const noexcept { return shard_->name; }
  Shard const& shard() const noexcept { return *shard_; }
  bool is_vector() const noexcept { return shard_->shape.size() == 1; }

  /// Sizes of the whole parameter. A vector has outputs only.
  std::uint64_t global_outputs() const;
  std::uint64_t global_inputs() const;
  /// That this shard has, ascending in the shard.
  std::vector<HeldRange> held_outputs() const;
  std::vector<HeldRange> held_inputs() const;

  /// The rows of the shard with those outputs of the whole parameter, in that order; empty if these are all rows as
  /// they lie.
  /// @throws ConfigError  the shard does not have one of them.
  RowTable rows_of(std::vector<Range> const& outputs) const;

  /// Precondition: not a vector.
  /// @param unfused  as of scale_of
  /// @throws ConfigError  as scale_of.
  WeightMatrix matrix(ShardedModel const& model, std::string const& unfused) const;
  /// Precondition: a vector.
  Numbers vector() const;

  /// @throws ConfigError  `group` is not the group of ranks that the parameter is cut for, in their order.
  void check_group(Topology const& topology, Communicator const& group) const;

  /// True if the matrix lies as [in, out].
  bool is_transposed() const noexcept;
  /// Of the matrix in its shard; 0 unless there are several.
  Bytes matrix_offset_bytes() const;
  /// Of the shard's axes.
  std::uint32_t output_axis() const noexcept;

 private:
  std::uint32_t input_axis() const noexcept;
  std::vector<HeldRange> held(std::uint32_t axis) const;

  Shard const* shard_;
  std::byte const* data_;
  std::optional<std::uint32_t> matrix_;        ///< in the whole parameter
  std::optional<std::uint64_t> local_matrix_;  ///< in the shard
};

}  // namespace distload
