/// Redistributor: brings a loaded model into another topology, in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/base/choices.hpp>
#include <distload/base/dtype.hpp>
#include <distload/base/topology.hpp>
#include <distload/config/config.hpp>
#include <distload/load/progress.hpp>
#include <distload/load/sharded_model.hpp>
#include <distload/parallel/communicator.hpp>
#include <distload/parallel/process_grid.hpp>
#include <distload/partition/opened_checkpoint.hpp>
#include <distload/plan/load_plan.hpp>
#include <distload/redistribute/forecast.hpp>

namespace distload {

struct HeldModel;
struct ModelParts;

/// How a model is redistributed, and how it differs afterwards.
struct RedistributeOptions {
  /// Element type of the outcome: bf16, f16 or f32, as `load.dtype`. Nothing: the source's.
  std::optional<DType> dtype = {};
  /// Layers of each pipeline stage of the outcome. Empty: equally many, the first stages with the remainder.
  std::vector<std::uint32_t> pipeline_layers = {};
  /// What to do with parameters that the outcome's ranks do not divide. Nothing: as when the source was loaded.
  std::optional<UnevenCuts> uneven = {};
  /// Weights of linear layers lie as [in, out], as with `load.transpose`. Nothing: as in the source.
  std::optional<bool> transpose = {};
  /// Matrices that are one parameter, as `model.fuse`. Nothing: as in the source, but for those of `split`.
  std::optional<std::vector<std::string>> fuse = {};
  /// Matrices that are several parameters, as `model.split`. Nothing: as in the source, but for those of `fuse`.
  std::optional<std::vector<std::string>> split = {};
  /// Staging memory of a rank for parts that cannot go straight from shard to shard, in bytes; at least 16 MiB. In
  /// place, also the most that a rank's new shards grow between two steps.
  Bytes staging = 64 * kMiB;
  /// Bytes of old and new shards and of staging that a rank may have at a time. Nothing: new memory may be a rank's
  /// share of what the node has free.
  std::optional<Bytes> memory_limit = {};
  /// Both ends hash every part that travels (XXH3-64), and the receiver compares. Reads every such part twice more.
  bool verify = false;
  /// Shards that a rank holds before and after, unchanged, stay where they are: both models use their memory, so that
  /// writes to one show in the other. Otherwise they are copied.
  bool share = true;
  /// Ranks of a node read each other's memory (process_vm_readv) where the system permits it.
  bool peer_memory = true;
  /// Huge pages of new host memory, as `load.huge_pages`.
  HugePageKind huge_pages = HugePageKind::automatic;
};

/// What this rank holds, before and after.
struct RedistributeRole {
  std::optional<std::uint32_t> source_rank = {};  ///< its number in the source's topology; nothing: it holds no source
  std::optional<std::uint32_t> target_rank = {};  ///< its number in the outcome's topology; nothing: it gets no part

  friend bool operator==(RedistributeRole const&, RedistributeRole const&) = default;
};

/// What a redistribution took. Bytes are those of all ranks, unless stated otherwise, and equal on all ranks.
struct RedistributeTimes {
  double plan_seconds = 0;            ///< rules applied and plan made, on this rank; 0 if a plan was used again
  double allocate_seconds = 0;        ///< on this rank
  double seconds = 0;                 ///< from the call until the slowest rank had its shards
  Bytes needed_bytes = 0;             ///< parts of the outcome's shards that their ranks did not hold
  Bytes sent_bytes = 0;               ///< between ranks
  Bytes local_bytes = 0;              ///< copied within a rank
  Bytes shared_bytes = 0;             ///< of shards that stayed where they were
  Bytes staging_bytes = 0;            ///< the most that a rank had
  Bytes peak_bytes = 0;               ///< the most that a rank had of source, outcome and staging, as planned
  std::uint64_t waves = 0;            ///< steps after which the ranks agreed
  std::uint64_t overflows = 0;        ///< finite numbers that a cast made infinite
  std::vector<RankMoves> ranks = {};  ///< by rank of the group, as planned; `refresh` knows what stays of the own only
};

/// Result of a redistribution.
struct RedistributeResult {
  std::optional<ShardedModel> model;  ///< this rank's part of the outcome; nothing if it has no part in it
  RedistributeTimes times;            ///< seconds and bytes
};

/// Moves the shards of loaded models between ranks: into a new topology, or into another model that exists (as a
/// trainer refreshes a server's weights).
///
/// The ranks of source and outcome may be the same in any arrangement, overlap, or be disjoint: all of them together
/// form the group of a redistributor, and each says what it holds. All members except the constructor and `check` are
/// collective over that group and throw the same exception on all ranks. Each first compares the calls and options of
/// all ranks, as the members of Loader do.
///
/// Only boxes that a rank lacks travel to it, each once. Models must have been loaded by Loader or made by a
/// Redistributor. Shards may have been written to since.
class Redistributor {
 public:
  /// Local. `node`: the ranks of `ranks` on this rank's node, as for ProcessGrid. Both are in host memory and outlive
  /// the redistributor. Of `runtime`, `timeout` is used.
  /// @throws ConfigError  an option is out of range.
  Redistributor(Communicator& ranks, Communicator& node, RedistributeOptions options = {}, RuntimeOptions runtime = {},
                ProgressSink progress = {});
  ~Redistributor();
  Redistributor(Redistributor const&) = delete;
  Redistributor& operator=(Redistributor const&) = delete;

  /// Local: checks, before a checkpoint is loaded, that it can be cut for `topology` afterwards.
  /// @throws ConfigError  it cannot; lists the parameters.
  void check(OpenedCheckpoint const& checkpoint, Topology const& topology) const;

  /// Collective: what `redistribute`, or `redistribute_in_place`, will take of a model that is loaded as `loaded` says,
  /// where every rank holds both, with its number in the group.
  /// @param loaded  made by Loader::plan of `checkpoint`
  /// @throws ConfigError, OutOfBudget  as these will.
  RedistributeForecast forecast(OpenedCheckpoint const& checkpoint, LoadPlan const& loaded, Topology const& topology,
                                bool in_place);

  /// Collective: `source` in `topology`, in new memory, except shards that stay where they are. Every rank holds both,
  /// with its number in the group.
  /// @throws ConfigError  the model cannot be cut for `topology`, or the topology has another number of ranks.
  /// @throws OutOfBudget  a rank would need more than `memory_limit`; nothing has been allocated.
  /// @throws CorruptData  with `verify`: a part arrived changed; names parameter and ranks.
  /// @throws CommunicationError  ranks cannot be reached.
  RedistributeResult redistribute(ShardedModel const& source, Topology const& topology);

  /// Collective: the same for any ranks. `source` is this rank's part of the model; nullptr if it holds none.
  RedistributeResult redistribute(ShardedModel const* source, Topology const& topology, RedistributeRole const& role);

  /// Collective: as `redistribute`, and frees the source on the way, page by page: a rank needs at most the larger of
  /// both, and staging. Memory that the source shares with another model is not freed. On a device the source is freed
  /// at the end, unless it was loaded with `LoaderOptions::releasable` or made by this member. After an exception the
  /// source is lost.
  RedistributeResult redistribute_in_place(ShardedModel source, Topology const& topology);

  /// Collective: the same for any ranks; `source` is empty where `role` has no source.
  RedistributeResult redistribute_in_place(std::optional<ShardedModel> source, Topology const& topology,
                                           RedistributeRole const& role);

  /// Collective: gives `target`, which is cut for its own topology, type and parameters, the values of `source`. Shards
  /// of `target` that are those of `source` (see RedistributeOptions::share) need nothing; other shards that did not
  /// change layout are copied within their rank. No memory but staging is allocated. The options `dtype` to `split`
  /// have no effect. The plan is kept, and used again by the next call if that is for the same models.
  /// @param source, target  of this rank; nullptr where `role` has none
  /// @throws ConfigError  the models have different tensors.
  RedistributeTimes refresh(ShardedModel const* source, ShardedModel* target, RedistributeRole const& role);

  /// Collective: the same where every rank holds both, with its number in the group.
  RedistributeTimes refresh(ShardedModel const& source, ShardedModel& target);

 private:
  static HeldModel held(ShardedModel const& model);
  static std::optional<ShardedModel> assembled(std::optional<ModelParts> parts);

  struct Members;
  std::unique_ptr<Members> members_;
};

/// Collective over `grid.world()`: `model`, which the ranks of `grid` hold, in another topology of as many ranks.
/// @throws as Redistributor::redistribute
ShardedModel redistribute(ProcessGrid const& grid, ShardedModel const& model, Topology const& topology,
                          RedistributeOptions const& options = {});

}  // namespace distload
