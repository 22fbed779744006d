/// Partition: how one parameter is cut over the ranks of a tensor-parallel group, and the boxes that follow. Pure.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <distload/tensor/box.hpp>

namespace distload {

enum class PartitionKind : std::uint8_t {
  replicated,       ///< every rank holds all of it
  column_parallel,  ///< the output dimension is cut: axis 0 of an [out, in] weight; outputs are concatenated
  row_parallel,     ///< the input dimension is cut: axis 1; partial outputs are summed, the bias is added once
  vocab_parallel,   ///< axis 0 is cut after zero-padding to a multiple of the group
  expert_parallel,  ///< whole experts are dealt out: the axis of a tensor that holds them all is cut
};

/// "column_parallel", ...
std::string_view name_of(PartitionKind kind) noexcept;

/// A stretch of the cut axis that is divided by itself: a fused QKV weight has three, an ordinary weight one.
struct Section {
  std::uint64_t size = 0;        ///< elements along the axis
  std::uint64_t unit = 1;        ///< elements that stay together, e.g. one head; divides `size`
  bool replicate_units = false;  ///< fewer units than ranks: whole units are given to several ranks (key/value heads)
  bool uneven = false;           ///< units that the ranks do not divide are given to the first ranks, one more each

  friend bool operator==(Section const&, Section const&) = default;
};

struct Partition {
  PartitionKind kind = PartitionKind::replicated;
  std::uint32_t axis = 0;         ///< the axis that is cut; 0 when replicated
  std::vector<Section> sections;  ///< along that axis, in order, together its whole size; empty when replicated

  friend bool operator==(Partition const&, Partition const&) = default;
};

/// True if a section can be shared out among so many ranks: equally, or, with `replicate_units`, each unit to equally
/// many ranks, or anyhow, with `uneven`.
bool divides(Section const& section, std::uint32_t tensor_parallel) noexcept;

/// True if `shard_layout` can cut a parameter for so many ranks.
bool divides(Partition const& partition, std::uint32_t tensor_parallel) noexcept;

/// Rows of zeros that all ranks' shards have together beyond those of the parameter: of vocab_parallel ones only.
std::uint64_t padded_rows(Partition const& partition, Shape const& shape, std::uint32_t tensor_parallel) noexcept;

/// A box of the stored tensor and where its first element lies in a rank's shard.
struct Piece {
  Box global;
  Dims local_offset;

  friend bool operator==(Piece const&, Piece const&) = default;
};

/// One rank's part of a parameter. Elements that no piece covers are padding and hold zero.
struct ShardLayout {
  Shape shape;  ///< of the shard in memory, row-major
  std::vector<Piece> pieces;

  friend bool operator==(ShardLayout const&, ShardLayout const&) = default;
};

/// The part of a parameter of global shape `shape` that `tensor_rank` of `tensor_parallel` ranks holds.
///
/// Preconditions (asserted; `partition_model` has reported violations to the user): the sections add up to shape[axis],
/// and the partition `divides` the ranks; only vocab_parallel is padded.
ShardLayout shard_layout(Partition const& partition, Shape const& shape, std::uint32_t tensor_rank,
                         std::uint32_t tensor_parallel);

}  // namespace distload
