/// ShardedModel: one rank's shards of a model, as Kokkos views into one arena.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <Kokkos_Core.hpp>

#include <distload/base/dtype.hpp>
#include <distload/base/error.hpp>
#include <distload/base/file_identity.hpp>
#include <distload/base/topology.hpp>
#include <distload/checkpoint/metadata.hpp>
#include <distload/partition/partition.hpp>
#include <distload/partition/placement.hpp>
#include <distload/tensor/box.hpp>

namespace distload {

/// Where shards live: the memory of Kokkos' default execution space (device memory in a CUDA build).
using ShardSpace = Kokkos::DefaultExecutionSpace::memory_space;
using ShardBytes = Kokkos::View<std::byte*, ShardSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;

/// One parameter's part on this rank.
struct Shard {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;                        ///< local, row-major, padding included
  Shape global_shape;                 ///< of the parameter in the checkpoint
  Partition partition;                ///< of the parameter over tensor-parallel ranks
  ShardLayout layout;                 ///< which boxes of the parameter lie where in the shard
  std::vector<std::uint32_t> stages;  ///< pipeline stages that hold the parameter
  Bytes offset_bytes = 0;             ///< in the arena
  Bytes nbytes = 0;
  std::optional<ExpertPlacement> experts = std::nullopt;  ///< under expert parallelism: takes the place of `partition`
  bool added_once = false;  ///< bias of a row-parallel layer: all ranks hold it, and it is added once, after the sum
};

class Arena;

/// Owns the arena. Move-only; views handed out are valid as long as it lives.
class ShardedModel {
 public:
  ShardedModel(CheckpointMetadata metadata, Topology topology, std::vector<Shard> shards,
               std::map<std::string, std::string, std::less<>> aliases, Arena arena);
  ~ShardedModel();
  ShardedModel(ShardedModel&&) noexcept;
  ShardedModel& operator=(ShardedModel&&) noexcept;
  ShardedModel(ShardedModel const&) = delete;
  ShardedModel& operator=(ShardedModel const&) = delete;

  CheckpointMetadata const& metadata() const noexcept { return metadata_; }
  Topology const& topology() const noexcept { return topology_; }
  std::span<Shard const> shards() const noexcept { return shards_; }

  /// The shard of that parameter (or of the parameter it is an alias of), or nullptr if this rank holds none.
  Shard const* find(std::string_view name) const noexcept;

  /// The shard's bytes, row-major, in `ShardSpace`.
  ShardBytes bytes(Shard const& shard) const;

  /// The shard as an unmanaged LayoutRight view, e.g. `view<float*>("model.norm.weight")` of float32 elements, or
  /// `view<std::uint16_t*>("model.norm.weight")` of bf16 ones.
  /// @throws ConfigError  if there is no such shard, or its number of axes or element size differ from `DataType`'s.
  template <class DataType>
  auto view(std::string_view name) const {
    using View = Kokkos::View<DataType, Kokkos::LayoutRight, ShardSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;
    Shard const& shard = checked(name, View::rank(), sizeof(typename View::value_type));
    Kokkos::LayoutRight layout;
    for (std::size_t axis = 0; axis < shard.shape.size(); ++axis) layout.dimension[axis] = shard.shape[axis];
    return View(reinterpret_cast<typename View::pointer_type>(bytes(shard).data()), layout);
  }

  /// The files and directories that the model was loaded from, and may still be shown from; sorted. None if it was made
  /// otherwise.
  std::span<FileIdentity const> sources() const noexcept { return sources_; }

  /// Bytes of the arena.
  Bytes resident_bytes() const noexcept;

 private:
  friend class Loader;  // which fills the arena of a model again

  Shard const& checked(std::string_view name, std::size_t axes, std::size_t element_bytes) const;

  CheckpointMetadata metadata_;
  std::vector<FileIdentity> sources_;
  Topology topology_;
  std::vector<Shard> shards_;
  std::map<std::string, std::string, std::less<>> aliases_;
  std::map<std::string, std::size_t, std::less<>> index_;
  std::unique_ptr<Arena> arena_;
};

}  // namespace distload
