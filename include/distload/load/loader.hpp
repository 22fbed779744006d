/// Loader: from a checkpoint on storage to this rank's ShardedModel.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <distload/checkpoint/catalog.hpp>
#include <distload/checkpoint/checkpoint.hpp>
#include <distload/config/config.hpp>
#include <distload/load/progress.hpp>
#include <distload/load/shard_memory.hpp>
#include <distload/load/sharded_model.hpp>
#include <distload/parallel/process_grid.hpp>
#include <distload/partition/opened_checkpoint.hpp>
#include <distload/partition/shard_request.hpp>
#include <distload/plan/load_plan.hpp>

namespace distload {

struct FamilyRules;
struct MemoryToFill;
class PageChoice;
class Staging;
class DeviceMessages;

/// The time and the memory that a load took on this rank. Reading overlaps exchanging and placing, so that the sum of
/// the phases may exceed the total.
struct LoadTimes {
  double open_seconds = 0;       ///< metadata read by rank 0 and sent to all
  double partition_seconds = 0;  ///< rules applied
  double plan_seconds = 0;       ///< of Loader::plan
  double allocate_seconds = 0;   ///< memory of shards
  double read_seconds = 0;       ///< in the engine, verification included
  double upload_seconds = 0;     ///< from the host to the device; 0 on the host
  double exchange_seconds = 0;   ///< packing and messages
  double place_seconds = 0;      ///< copies from staging or mapped files to shards
  double total_seconds = 0;      ///< from the start of `open` until the slowest rank has all its tensors
  Bytes read_bytes = 0;          ///< from storage or page cache, by this rank
  Bytes deferred_bytes = 0;      ///< of those, what is read at its first use: unverified shards in mapped files
  std::uint64_t overflows = 0;   ///< on all ranks: finite numbers that became infinite
  Bytes fresh_bytes = 0;         ///< host memory that got its pages during Loader::load or reload, and is still held
  PagesInUse pages;              ///< of that memory
};

/// Result of `Loader::load`.
struct LoadResult {
  ShardedModel model;  ///< this rank's shards
  LoadTimes times;     ///< of this rank
  EngineInUse engine;  ///< that read
};

/// Result of `Loader::reload` and `load_into`.
struct ReloadResult {
  LoadTimes times;     ///< of this rank
  EngineInUse engine;  ///< that read
};

/// Loads checkpoints onto a process grid. All members but the constructor and `release_staging` are collective over
/// `grid.world()`, and throw the same exception on all ranks.
///
/// Each first compares the ranks' calls and options. It throws ConfigError if ranks call different members, or have
/// different options (`load.memory_limit` and `runtime.threads` may differ), with the names, values and ranks. It
/// throws CommunicationError if a rank does not make the call within `runtime.timeout`, with its number; `grid` is
/// unusable afterwards. It throws ConfigError, on the rank concerned, if another thread of the process is inside Loader
/// or Saver.
class Loader {
 public:
  /// Local. `grid` outlives the loader. Of `options.topology`, sizes are ignored: the grid has them.
  /// @throws ConfigError  as validate, of `options`.
  Loader(ProcessGrid const& grid, LoaderOptions options, ProgressSink progress = {});
  ~Loader();
  Loader(Loader const&) = delete;
  Loader& operator=(Loader const&) = delete;

  /// Collective: finds the checkpoint, reads its metadata on rank 0, sends it to all ranks as one message and applies
  /// the family's rules. With several hosts, one rank of each compares samples of the files with those of rank 0.
  /// @param cut_short  accepts files whose data is cut off, which can be planned for, but not loaded
  /// @throws NoValidCheckpoint, CorruptData, IoError  from the source.
  /// @throws CorruptData  a host has other files than rank 0: names it, a file, and the difference.
  /// @throws ConfigError  the rules cannot cut some parameters: lists all of them.
  OpenedCheckpoint open(CutShort cut_short = CutShort::refuse);

  /// Collective: as `open`, without the rules of a family, for models of any kind: no parameters are laid out. The
  /// sections `topology` and `model`, but for `strip_prefix`, have no effect.
  /// @throws as open
  OpenedCheckpoint open_tensors();

  /// Collective: the checkpoint with the shards that each rank asks for as its parameters, for `plan` and `load`. The
  /// ranks may ask for different ones, in any order. The grid has no pipeline stages.
  /// @param tensors  made by `open_tensors`
  /// @throws ConfigError  a rank asks for what there is not: names rank, shard and tensor; on all ranks.
  OpenedCheckpoint with_requests(OpenedCheckpoint const& tensors, std::span<ShardRequest const> own);

  /// Collective: plans a load into new memory. Chooses the engine if `load.engine` is `auto`.
  /// @throws OutOfBudget  some rank needs more memory than `load.memory_limit`, or than its node has free. Nothing has
  ///                      been allocated.
  /// @param over_limit  accepts plans that need more, for looking at them (`LoadPlan::fits`)
  LoadPlan plan(OpenedCheckpoint const& checkpoint, OverLimit over_limit = OverLimit::refuse);

  /// Collective: plans a load into the memory of `filled`.
  /// @throws OutOfBudget  likewise, of staging.
  LoadPlan plan(OpenedCheckpoint const& checkpoint, ShardedModel const& filled);

  /// Collective: plans a load into memory of the caller: `own` has it for each shard of this rank.
  /// @throws OutOfBudget  likewise, of staging.
  /// @throws ConfigError  a shard has no memory, or memory of another size, or there is memory for what is no shard of
  ///                      this rank: on all ranks.
  LoadPlan plan(OpenedCheckpoint const& checkpoint, std::span<ShardMemory const> own);

  /// Collective: loads this rank's shards, verified unless `load.verify` is off.
  /// @throws ConfigError  `plan` was made for another checkpoint, topology or rank.
  /// @throws CorruptData  a block's XXH3-64 differs: names tensor, file and byte range.
  /// @throws IoError      storage failed.
  LoadResult load(OpenedCheckpoint const& checkpoint, LoadPlan const& plan);

  /// Collective: open, plan and load in one.
  LoadResult load();

  /// Collective: loads this rank's shards into the memory that `plan` was made for. No file is mapped to it, and
  /// nothing else is written to; after an exception of reading its values are undefined.
  /// @throws ConfigError  as `load`, or the plan was made for other memory; nothing has been written.
  /// @throws CorruptData, IoError  as `load`.
  ReloadResult load_into(OpenedCheckpoint const& checkpoint, LoadPlan const& plan, std::span<ShardMemory const> own);

  /// Collective: loads another checkpoint of the same model, e.g. a newer step, into the memory of `model`. `plan` was
  /// made for this model. Allocates at most staging, which is kept for the next call. Views of the model stay valid;
  /// after an exception of reading their values are undefined.
  /// @throws ConfigError  as `load`, or the plan's shards are not those of `model`; the model is unchanged.
  /// @throws CorruptData, IoError  as `load`.
  ReloadResult reload(ShardedModel& model, OpenedCheckpoint const& checkpoint, LoadPlan const& plan);

  /// Collective: open, plan and reload in one.
  ReloadResult reload(ShardedModel& model);

  /// Local: frees the staging memory that is kept for the next load.
  void release_staging() noexcept;

 private:
  class Call;

  /// Rank 0: catalog and rules, as every rank needs them.
  std::vector<std::byte> metadata_message(CutShort cut_short, bool with_rules) const;
  /// Collective: that message.
  std::vector<std::byte> agreed_metadata(CutShort cut_short, bool with_rules);
  /// Collective: begins to open a checkpoint, and gets its catalog and its rules.
  FamilyRules open_catalog(OpenedCheckpoint& opened, CutShort cut_short, bool with_rules);
  /// Local: @throws CorruptData  this rank sees a checkpoint where rank 0 does not.
  void refuse_to_see_one(std::string const& why_not_rank_0) const;
  /// What is left of `load.staging` for a slot if the engine needs memory of its own.
  Bytes slot_bytes(ReadEngine engine, std::uint32_t slots, Bytes block_bytes) const;
  /// Collective: whether the ranks of every node can write to each other's memory; asked once.
  bool can_write_to_peers();
  /// Collective.
  /// @param memory  gives the memory that is to be filled, and may throw; nullptr: new memory
  LoadPlan plan(OpenedCheckpoint const& checkpoint, std::function<MemoryToFill()> const& memory, OverLimit over_limit);
  /// @throws ConfigError  the model has been moved from, or has memory of another model.
  static Arena& arena_of(ShardedModel const& model);
  /// Carries the plan out. Memory that is new has no pages yet.
  LoadTimes fill(Arena& arena, bool is_new, OpenedCheckpoint const& checkpoint, LoadPlan const& plan);
  /// @param begin  of the load, for the seconds that it has taken
  void report_progress(std::string_view phase, std::chrono::steady_clock::time_point begin, Bytes done = 0,
                       Bytes total = 0) const;

  ProcessGrid const& grid_;
  LoaderOptions options_;
  ProgressSink progress_;
  std::unique_ptr<PageChoice> pages_;         ///< for memory of shards and staging
  std::unique_ptr<DeviceMessages> messages_;  ///< between all ranks, in the memory of shards
  std::unique_ptr<Staging> staging_;          ///< kept from load to load
  std::optional<bool> writes_to_peers_;       ///< nothing until it has been asked
  bool is_in_call_ = false;                   ///< of a member that uses others
};

}  // namespace distload
