/// LoadPlan: what a load costs every rank and what this rank does, decided before any tensor is read.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/base/choices.hpp>
#include <distload/base/topology.hpp>

namespace distload {

struct Catalog;
struct ModelLayout;
struct RankWork;

/// What a plan means for one rank.
struct RankLoad {
  Bytes resident_bytes = 0;          ///< of shards
  Bytes view_bytes = 0;              ///< of those, the bytes that stay in the page cache instead of taking memory
  Bytes read_bytes = 0;              ///< from storage
  Bytes sent_bytes = 0;              ///< to other ranks
  Bytes received_bytes = 0;          ///< from other ranks
  Bytes sent_on_node_bytes = 0;      ///< of those sent, what stays on the node; of messages, only between devices
  Bytes received_on_node_bytes = 0;  ///< of those received, likewise
  Bytes staging_bytes = 0;           ///< of the largest staging slot
  std::uint64_t requests = 0;        ///< read requests
};

/// Seconds that the cost model predicts. Of host memory, uploading and placing are 0.
struct Prediction {
  double read_seconds = 0;      ///< storage and page cache
  double memory_seconds = 0;    ///< pages of new host memory, which the kernel zeroes
  double upload_seconds = 0;    ///< from host memory to devices
  double peer_seconds = 0;      ///< stores to memory of other ranks on the node
  double exchange_seconds = 0;  ///< messages; with devices, those between nodes
  double place_seconds = 0;     ///< packing, placing, casting and transposing in the memory of devices
  double open_seconds = 0;      ///< metadata, rules and plan; measured, by Loader::plan
  double total_seconds = 0;     ///< of `open_seconds` and all stages, as far as they overlap

  /// A stage and its seconds.
  struct Stage {
    std::string_view name;  ///< "read", "memory", "upload", "peers", "exchange" or "place"
    double seconds = 0;     ///< predicted
  };
  /// The stages in the order of a wave.
  std::array<Stage, 6> stages() const noexcept;
  /// The slowest stage, which limits the load.
  Stage limit() const noexcept;
};

/// What to do with a plan that needs more memory than there is.
enum class OverLimit : std::uint8_t {
  refuse,  ///< an error
  accept,  ///< it can be looked at; a load would fail
};

/// A plan of `Loader::plan`, for one checkpoint on one process grid. Its totals and `ranks` are the same on all ranks.
struct LoadPlan {
  EngineInUse engine;                 ///< reads, and why it was chosen
  double plan_seconds = 0;            ///< that planning took
  Topology topology;                  ///< of the job
  std::uint32_t rank = 0;             ///< this rank
  std::uint32_t slots = 1;            ///< staging slots of this rank
  Bytes slot_bytes = 0;               ///< of each of them
  Bytes arena_bytes = 0;              ///< of this rank's arena
  std::vector<RankLoad> ranks;        ///< by rank
  Bytes requested_bytes = 0;          ///< of all tensors that some rank holds, each counted once
  Bytes storage_read_bytes = 0;       ///< by all ranks
  Bytes exchanged_bytes = 0;          ///< between all ranks
  bool has_messages = false;          ///< some rank sends a message to another
  bool writes_to_peers = false;       ///< some rank writes to the arena of another rank of its node
  Prediction predicted;               ///< by the cost model
  std::optional<Bytes> memory_limit;  ///< of every rank; nothing: none is known
  std::shared_ptr<RankWork const>
      work;  ///< this rank's reads, copies and messages, for the library; null only in a default-made plan

  /// Storage bytes read by all ranks / bytes of the tensors requested; 1 if none are requested.
  double read_amplification() const noexcept {
    return requested_bytes == 0 ? 1.0 : static_cast<double>(storage_read_bytes) / static_cast<double>(requested_bytes);
  }
  /// Most memory that this rank needs: arena and staging.
  Bytes peak_bytes() const noexcept { return arena_bytes + slots * slot_bytes; }
  /// Memory that a rank needs for shards and staging, without what stays in the page cache.
  Bytes needed_bytes(RankLoad const& load) const noexcept {
    return load.resident_bytes - load.view_bytes + slots * load.staging_bytes;
  }
  /// The most that any rank needs.
  Bytes needed_bytes() const noexcept;
  /// False if some rank needs more than the limit: only plans that Loader::plan was told to accept.
  bool fits() const noexcept { return !memory_limit || needed_bytes() <= *memory_limit; }
};

/// The plan, made by Loader::plan, as text for people: bytes and seconds; layers and memory of each pipeline stage;
/// bytes of each rank; for each parameter its partition, shape and strategy with the reason. Local.
/// @param catalog, layout  of the checkpoint that was planned
std::string describe(LoadPlan const& plan, Catalog const& catalog, ModelLayout const& layout);

}  // namespace distload
