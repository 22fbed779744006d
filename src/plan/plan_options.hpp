/// PlanOptions: what a plan depends on besides checkpoint, layout and topology.
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

/// Where a shard lies already.
struct ShardPlace {
  Bytes offset_bytes = 0;      ///< in the arena
  bool has_own_pages = false;  ///< may become a view: nothing else lies in its pages
};

struct PlanOptions {
  Bytes staging_bytes = 64 * kMiB;    ///< most that one slot may hold
  std::uint32_t slots = 2;            ///< waves in flight: 2 when the next one is read while this one is exchanged
  std::optional<Bytes> memory_limit;  ///< per rank: arena (unless it is there) + staging; nothing means no limit
  bool arena_on_host = true;          ///< engines can read straight into the arena
  std::optional<DType> dtype;         ///< type in memory of what can be cast to it; nothing keeps the stored types
  Bytes in_place_bytes = 256 * kKiB;  ///< a message of at least this size travels by itself, unpacked, where it can
  /// The engine has the files mapped and the arena is on the host: nothing travels between nodes, ranks of a node take
  /// what they want from the files' pages, which they share, and what need not be copied becomes a view. Every extent
  /// then begins at a multiple of its element size.
  bool files_are_mapped = false;
  Bytes page_bytes = 4 * kKiB;         ///< what files are mapped by
  Bytes least_view_bytes = 64 * kKiB;  ///< a shard below this is copied: a system cannot keep any number of mappings
  /// The arena is on the host, and the engine shows as it reads what has no place in memory (`Area::passing`): one rank
  /// can copy from there to its own shards and, with `writes_to_peers`, to those of its node's other ranks.
  bool shows_passing = false;
  std::vector<std::uint32_t> node_of;  ///< by rank, counted from 0: which ranks share a node; empty: all do
  bool writes_to_peers = false;        ///< ranks of a node can write to each other's arenas
  /// Arenas that are to be filled again: by parameter, where its shard lies, if it does; of this rank and, if
  /// `writes_to_peers`, the others of its node, by rank. Empty: there are none yet.
  std::map<std::uint32_t, std::vector<std::optional<ShardPlace>>> places;
  /// For each extent of the catalog, its index in the catalog that engines read; empty: they read this one.
  std::span<std::uint32_t const> stored_extents;
  double resident = 0;  ///< share of the files that is in the page cache, for predictions
  CostModel cost;

  /// The type in memory of a parameter whose elements are stored as `stored`.
  DType dtype_in_memory(Parameter const& parameter, DType stored) const noexcept {
    return distload::dtype_in_memory(parameter, stored, dtype);
  }
};

}  // namespace distload
