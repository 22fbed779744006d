/// PlanOptions: settings of a plan besides checkpoint, layout and topology.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/base/dtype.hpp>
#include <distload/partition/model_layout.hpp>

#include "partition/dtype_in_memory.hpp"
#include "plan/cost_model.hpp"

namespace distload {

/// The place of an existing shard.
struct ShardPlace {
  Bytes offset_bytes = 0;      ///< in the arena
  bool has_own_pages = false;  ///< may become a view: its pages hold nothing else
};

struct PlanOptions {
  Bytes staging_bytes = 64 * kMiB;    ///< maximum of one slot
  std::uint32_t slots = 2;            ///< waves in flight; with 2, the next one is read while this one is exchanged
  std::optional<Bytes> memory_limit;  ///< per rank: arena (unless it already exists) + staging; nothing means no limit
  bool is_limit_configured = true;    ///< for messages: otherwise the limit is a rank's share of the free memory
  /// Engines can read directly to the arena. False for a device: what is read is staged, messages are sent last (they
  /// are set up meanwhile), and with `writes_to_peers` kernels copy from staging to all arenas of the node.
  bool arena_on_host = true;
  std::optional<DType> dtype;  ///< type in memory of all tensors that can be cast to it; nothing keeps the stored types
  /// Reads to staging begin as far behind a multiple of this in their slot as in their file, so that a device can read
  /// directly there; 0: anywhere.
  Bytes staged_read_alignment = 0;
  Bytes in_place_bytes = 256 * kKiB;  ///< parts of at least this size are sent unpacked if possible
  /// The engine maps the files and the arena is on the host: nothing is sent between nodes, the ranks of a node copy
  /// from the files' pages, which they share, and shards that need no copy become views. Every extent begins at a
  /// multiple of its element size.
  bool files_are_mapped = false;
  Bytes page_bytes = 4 * kKiB;         ///< page size of mapped files
  Bytes least_view_bytes = 64 * kKiB;  ///< smaller shards are copied, since the number of mappings is limited
  /// The arena is on the host, and the engine passes on bytes without destination while it reads them
  /// (`Area::passing`): one rank can copy them to its own shards and, with `writes_to_peers`, to those of other ranks
  /// on its node.
  bool shows_passing = false;
  std::vector<std::uint32_t> node_of;  ///< node number by rank, counted from 0; empty if all ranks share a node
  bool writes_to_peers = false;        ///< ranks of a node can write to each other's arenas
  /// Places in existing arenas that are filled again: by rank, for this rank and, with `writes_to_peers`, the others on
  /// its node; then by parameter, nothing if the rank holds no shard. Empty if there are no arenas yet.
  std::map<std::uint32_t, std::vector<std::optional<ShardPlace>>> places;
  /// For each extent of the catalog, its index in the catalog that engines read; empty if they read the same catalog.
  std::span<std::uint32_t const> stored_extents;
  double resident = 0;   ///< fraction of the files in the page cache, for predictions
  bool verifies = true;  ///< blocks are compared with their checksums, for predictions
  CostModel cost;

  /// The type in memory of a parameter whose elements are stored as `stored`.
  DType dtype_in_memory(Parameter const& parameter, DType stored) const noexcept {
    return distload::dtype_in_memory(parameter, stored, dtype);
  }
};

/// Staging slots of a device besides those that are read ahead.
inline constexpr std::uint32_t kDeviceSlots = 3;
/// Smaller messages between devices are packed together.
inline constexpr Bytes kDeviceMessageBytes = kMiB;

/// Sets what a plan for arenas on devices needs: while one wave is read, others are uploaded, exchanged and placed.
/// @param prefetch    waves that are read ahead
/// @param page_bytes  of the host, for direct reads to pinned memory
inline void use_device(PlanOptions& options, std::uint32_t prefetch, Bytes page_bytes) {
  options.arena_on_host = false;
  options.slots = kDeviceSlots + prefetch;
  options.in_place_bytes = kDeviceMessageBytes;
  options.staged_read_alignment = page_bytes;
}

}  // namespace distload
