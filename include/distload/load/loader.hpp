/// Loader: from a checkpoint on storage to this rank's ShardedModel.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <distload/checkpoint/catalog.hpp>
#include <distload/config/config.hpp>
#include <distload/load/progress.hpp>
#include <distload/load/sharded_model.hpp>
#include <distload/parallel/process_grid.hpp>
#include <distload/partition/opened_checkpoint.hpp>
#include <distload/plan/make_plan.hpp>

namespace distload {

class StagingSlot;

/// What a load took on this rank. Reading overlaps exchanging and placing, so that phases may add up to more than the
/// whole.
struct LoadTimes {
  double open_seconds = 0;       ///< of the checkpoint
  double partition_seconds = 0;  ///< likewise
  double plan_seconds = 0;       ///< of the plan
  double allocate_seconds = 0;
  double read_seconds = 0;  ///< in the engine, verification included
  double exchange_seconds = 0;
  double place_seconds = 0;
  double total_seconds = 0;     ///< from the start of `open` until the slowest rank has all its tensors
  Bytes read_bytes = 0;         ///< from storage, by this rank
  std::uint64_t overflows = 0;  ///< on all ranks: numbers that are finite in the checkpoint and infinite in load.dtype
};

/// What `Loader::load` gives.
struct LoadResult {
  ShardedModel model;
  LoadTimes times;
  EngineInUse engine;
};

/// What `Loader::reload` gives.
struct ReloadResult {
  LoadTimes times;
  EngineInUse engine;
};

/// Loads one checkpoint after another onto one process grid. All members but the constructor and `release_staging` are
/// collective over `grid.world()`, and throw the same exception on all ranks.
///
/// Each begins with a meeting of the ranks, which throws ConfigError if they call different members or have different
/// configurations (but for `load.memory_limit` and `runtime.threads`, which may differ), naming what differs and where,
/// and CommunicationError if a rank does not come within `runtime.timeout`, naming it. After the latter `grid` is of no
/// more use.
class Loader {
 public:
  /// Collective in a CUDA build, where it sets NCCL up. `grid` outlives the loader.
  ///
  /// @throws ConfigError  as validate, of `options`; the topology is the grid's.
  Loader(ProcessGrid const& grid, LoaderOptions options, ProgressSink progress = {});
  ~Loader();
  Loader(Loader const&) = delete;
  Loader& operator=(Loader const&) = delete;

  /// Collective: finds the checkpoint, reads its metadata on rank 0, sends it to all as one message and applies the
  /// family's rules.
  /// Where ranks are on several hosts, one of each compares samples of the files with what rank 0 sees.
  /// @throws NoValidCheckpoint, CorruptData, IoError  from the source.
  /// @throws CorruptData  a host sees other files than rank 0: names it, a file, and what differs.
  /// @throws ConfigError  from the rules, listing all parameters that they cannot cut.
  OpenedCheckpoint open();

  /// Collective: what this rank will do. Its reads are of extents of `checkpoint.stored_catalog()`.
  /// @throws OutOfBudget  some rank needs more than `load.memory_limit`, or than its node has; before anything is
  /// allocated.
  LoadPlan plan(OpenedCheckpoint const& checkpoint);

  /// Collective: what this rank will do to fill the memory of a loaded model again.
  /// @throws OutOfBudget  some rank needs more for staging.
  LoadPlan plan(OpenedCheckpoint const& checkpoint, ShardedModel const& filled);

  /// Collective: every parameter of the plan that this rank owns, verified.
  /// @throws CorruptData  a block's XXH3-64 differs; names tensor, file and byte range.
  /// @throws IoError      storage failed.
  LoadResult load(OpenedCheckpoint const& checkpoint, LoadPlan const& plan);

  /// Collective: open, plan and load in one.
  LoadResult load();

  /// Collective: fills the memory of a loaded model again, from another checkpoint of the same model: a newer step,
  /// say. `plan` was made for this model. No memory is taken but for staging, and that once: it is kept for the next
  /// time. Views of the model stay valid. If it throws, what they show is neither the old nor the new.
  /// @throws ConfigError  the plan's shards are not those of `model`; nothing is changed.
  /// @throws CorruptData, IoError  as `load`.
  ReloadResult reload(ShardedModel& model, OpenedCheckpoint const& checkpoint, LoadPlan const& plan);

  /// Collective: open, plan and reload in one.
  ReloadResult reload(ShardedModel& model);

  /// Gives back the staging memory that loads keep for the next one.
  void release_staging() noexcept;

 private:
  class Call;

  /// Rank 0: catalog and rules, as every rank needs them.
  std::vector<std::byte> metadata_message() const;
  /// Collective: that message.
  std::vector<std::byte> agreed_metadata();
  /// Local: @throws CorruptData  this rank sees a checkpoint where rank 0 does not.
  void refuse_to_see_one(std::string const& why_not_rank_0) const;
  /// What is left of `load.staging` for a slot if the engine needs memory of its own.
  Bytes slot_bytes(ReadEngine engine, std::uint32_t slots, Bytes block_bytes) const;
  /// Collective: whether the ranks of every node can write to each other's memory; asked once.
  bool can_write_to_peers();
  /// @param filled  the model that is to be filled again; nullptr: a new one
  LoadPlan plan(OpenedCheckpoint const& checkpoint, ShardedModel const* filled);
  /// Carries the plan out. Memory that is new has no pages yet.
  LoadTimes fill(Arena& arena, bool is_new, OpenedCheckpoint const& checkpoint, LoadPlan const& plan);
  /// @param begin  of the load, for the seconds that it has taken
  void report_progress(std::string_view phase, std::chrono::steady_clock::time_point begin, Bytes done = 0,
                       Bytes total = 0) const;

  ProcessGrid const& grid_;
  LoaderOptions options_;
  ProgressSink progress_;
  std::unique_ptr<Communicator> device_messages_;  ///< NCCL, in a CUDA build
  std::vector<StagingSlot> staging_;               ///< kept from load to load
  std::optional<bool> writes_to_peers_;            ///< nothing until it has been asked
  bool is_in_call_ = false;                        ///< of a member that uses others
};

}  // namespace distload
