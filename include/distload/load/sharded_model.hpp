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
#include <distload/tensor/box.hpp>

namespace distload {

/// The memory of Kokkos' default execution space: device memory in a CUDA build, otherwise host memory.
using ShardSpace = Kokkos::DefaultExecutionSpace::memory_space;
/// The bytes of a shard.
using ShardBytes = Kokkos::View<std::byte*, ShardSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;

/// One parameter's part on this rank.
struct Shard {
  std::string name;                                       ///< of the parameter
  DType dtype = DType::f32;                               ///< in memory
  Shape shape;                                            ///< local, row-major, padding included
  Shape global_shape;                                     ///< of the parameter in the checkpoint
  Partition partition;                                    ///< of the parameter over tensor-parallel ranks
  ShardLayout layout;                                     ///< which boxes of the parameter lie where in the shard
  std::vector<std::uint32_t> stages;                      ///< pipeline stages that hold the parameter
  Bytes offset_bytes = 0;                                 ///< in the model's memory
  Bytes nbytes = 0;                                       ///< volume(shape) x element size
  std::optional<ExpertPlacement> experts = std::nullopt;  ///< under expert parallelism: replaces `partition`
  bool added_once = false;  ///< bias of a row-parallel layer: all ranks hold it; one addition after the sum
};

class Arena;
struct ModelRecipe;

/// Owns the memory of all shards of a rank. Move-only. Views and spans are valid as long as it lives, also after a
/// move, and show new values after Loader::reload. Members are local; const ones may be called by several threads.
class ShardedModel {
 public:
  /// Local. `Loader::load` makes models.
  ShardedModel(CheckpointMetadata metadata, Topology topology, std::vector<Shard> shards,
               std::map<std::string, std::string, std::less<>> aliases, Arena arena);
  /// Local. `Redistributor` makes models of several arenas, some of which other models use as well.
  /// `Shard::offset_bytes` counts through all of them, each from the next multiple of 512 on.
  ShardedModel(CheckpointMetadata metadata, Topology topology, std::vector<Shard> shards,
               std::map<std::string, std::string, std::less<>> aliases, std::vector<std::shared_ptr<Arena>> arenas);
  ~ShardedModel();
  /// The source holds no shards afterwards.
  ShardedModel(ShardedModel&&) noexcept;
  /// Frees the shards held before; the source holds none afterwards.
  ShardedModel& operator=(ShardedModel&&) noexcept;
  ShardedModel(ShardedModel const&) = delete;
  ShardedModel& operator=(ShardedModel const&) = delete;

  /// Of the checkpoint that was loaded last.
  CheckpointMetadata const& metadata() const noexcept { return metadata_; }
  /// That the model is cut for.
  Topology const& topology() const noexcept { return topology_; }
  /// In the order of the checkpoint's catalog.
  std::span<Shard const> shards() const noexcept { return shards_; }

  /// The shard of that parameter (or of the parameter it is an alias of), or nullptr if this rank holds none.
  Shard const* find(std::string_view name) const noexcept;

  /// The shard's bytes, row-major, in `ShardSpace`. Precondition: one of `shards()`.
  ShardBytes bytes(Shard const& shard) const;

  /// True if the shard is a view of a mapped file, so that writing to it makes copies of its pages. Precondition: as
  /// `bytes`.
  bool is_mapped(Shard const& shard) const noexcept;

  /// The shard as an unmanaged LayoutRight view, e.g. `view<float*>("model.norm.weight")` of an F32 vector. `DataType`
  /// has as many `*` as the shard has axes and a value type of the element's size: float for F32,
  /// std::uint16_t or __nv_bfloat16 for BF16, std::uint16_t or __half for F16, std::uint8_t for the FP8 types.
  /// @throws ConfigError  there is no such shard on this rank, or its number of axes or element size is another.
  template <class DataType>
  auto view(std::string_view name) const {
    using View = Kokkos::View<DataType, Kokkos::LayoutRight, ShardSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;
    Shard const& shard = checked(name, View::rank(), sizeof(typename View::value_type));
    Kokkos::LayoutRight layout;
    for (std::size_t axis = 0; axis < shard.shape.size(); ++axis) layout.dimension[axis] = shard.shape[axis];
    return View(reinterpret_cast<typename View::pointer_type>(bytes(shard).data()), layout);
  }

  /// The files and directories that the model was loaded from, which may still be mapped; sorted. Empty if it was not
  /// loaded.
  std::span<FileIdentity const> sources() const noexcept { return sources_; }

  /// Bytes of the memory of all shards. Of arenas that are shared with another model, only the shards of this one
  /// count.
  Bytes resident_bytes() const noexcept;

 private:
  friend class Loader;         // which fills the arena of a model again
  friend class Redistributor;  // which shares arenas between models

  Shard const& checked(std::string_view name, std::size_t axes, std::size_t element_bytes) const;

  CheckpointMetadata metadata_;
  std::vector<FileIdentity> sources_;
  Topology topology_;
  std::vector<Shard> shards_;
  std::map<std::string, std::string, std::less<>> aliases_;
  std::vector<std::size_t> by_name_;           ///< indices of `shards_`, sorted by name
  std::shared_ptr<ModelRecipe const> recipe_;  ///< how to cut the model otherwise; null if it was not loaded
  std::vector<std::shared_ptr<Arena>> arenas_;
};

}  // namespace distload
