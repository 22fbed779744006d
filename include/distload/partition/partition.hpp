/// Partition: how a parameter is cut over the ranks of a tensor-parallel group, and the resulting shards. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <distload/tensor/box.hpp>

namespace distload {

/// How a parameter is cut.
enum class PartitionKind : std::uint8_t {
  replicated,       ///< every rank holds all of it
  column_parallel,  ///< the output dimension is cut: axis 0 of an [out, in] weight; outputs are concatenated
  row_parallel,     ///< the input dimension is cut: axis 1; partial outputs are summed, the bias is added once
  vocab_parallel,   ///< axis 0 is cut after zero-padding to a multiple of the group
  expert_parallel,  ///< the axis over experts is cut between experts
};

/// "column_parallel", ...
std::string_view name_of(PartitionKind kind) noexcept;

/// A range of the cut axis that is divided separately: a fused QKV weight has three, an ordinary weight one.
struct Section {
  std::uint64_t size = 0;        ///< elements along the axis
  std::uint64_t unit = 1;        ///< elements that are not separated, e.g. one head; divides `size`
  bool replicate_units = false;  ///< with fewer units than ranks, several ranks hold the same unit (key/value heads)
  bool uneven = false;           ///< if the ranks do not divide the units, the first ranks hold one unit more
  std::uint32_t group = 0;       ///< the number of the section's group, of
  std::uint32_t groups = 1;  ///< so many, which are dealt out to the ranks. A rank holds all sections of its groups;
                             ///< with fewer groups than ranks, the ranks of a group divide its sections

  friend bool operator==(Section const&, Section const&) = default;
};

/// How a parameter is cut, along which axis.
struct Partition {
  PartitionKind kind = PartitionKind::replicated;  ///< how the axis is cut
  std::uint32_t axis = 0;                          ///< the axis that is cut; 0 when replicated
  std::vector<Section> sections;  ///< along that axis, in order, together its whole size; empty when replicated

  friend bool operator==(Partition const&, Partition const&) = default;
};

/// Where a parameter of experts is under expert parallelism, which replaces its partition: experts stay whole.
struct ExpertPlacement {
  std::optional<std::uint32_t> group;  ///< the group that holds this one expert; nothing: the tensor holds all experts
  std::uint32_t axis = 0;              ///< of the experts, if the tensor holds all

  friend bool operator==(ExpertPlacement const&, ExpertPlacement const&) = default;
};

/// True if a section can be cut for that number of ranks: into equal parts; with `replicate_units` also with each unit
/// on equally many ranks; with `uneven` always. One of the numbers of groups and ranks must divide the other.
bool divides(Section const& section, std::uint32_t tensor_parallel) noexcept;

/// True if `shard_layout` can cut a parameter for that number of ranks.
bool divides(Partition const& partition, std::uint32_t tensor_parallel) noexcept;

/// Rows of zeros that the shards of all ranks have in addition to the parameter's; 0 unless it is vocab_parallel.
std::uint64_t padded_rows(Partition const& partition, Shape const& shape, std::uint32_t tensor_parallel) noexcept;

/// A box of the stored tensor and the position of its first element in a rank's shard.
struct Piece {
  Box global;         ///< in the stored tensor
  Dims local_offset;  ///< in the shard

  friend bool operator==(Piece const&, Piece const&) = default;
};

/// One rank's part of a parameter. Elements that no piece covers are padding and hold zero.
struct ShardLayout {
  Shape shape;                ///< of the shard in memory, row-major
  std::vector<Piece> pieces;  ///< disjoint

  friend bool operator==(ShardLayout const&, ShardLayout const&) = default;
};

/// What the ranks of a stage hold of a parameter whose cut no partition describes.
struct RankLayouts {
  std::vector<std::optional<ShardLayout>> of_rank;  ///< by rank of the stage; nothing: it holds no shard

  friend bool operator==(RankLayouts const&, RankLayouts const&) = default;
};

/// The part of a parameter of global shape `shape` that `tensor_rank` of `tensor_parallel` ranks holds.
///
/// Preconditions (asserted; Loader::open throws ConfigError if a checkpoint violates them): the sections add up to
/// shape[axis], and the partition `divides` the ranks; only vocab_parallel is padded.
ShardLayout shard_layout(Partition const& partition, Shape const& shape, std::uint32_t tensor_rank,
                         std::uint32_t tensor_parallel);

}  // namespace distload
