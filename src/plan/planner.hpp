/// Planner: walks over all parameters once, deciding for every rank and writing down what the own rank has to do.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include <distload/plan/make_plan.hpp>

#include "plan/audiences.hpp"
#include "plan/holders.hpp"
#include "plan/parameter_kind.hpp"
#include "plan/segments.hpp"
#include "plan/wave_builder.hpp"
#include "plan/wave_scheduler.hpp"

namespace distload {

/// Where an element of a parameter lies in a shard, of which `piece` holds it.
Dims local_position(Piece const& piece, Dims const& global);

class Planner {
 public:
  Planner(Catalog const& catalog, ModelLayout const& layout, Topology const& topology, std::uint32_t rank,
          PlanOptions const& options);

  LoadPlan run() &&;

 private:
  /// The n-th rank of a group.
  struct Member {
    std::uint32_t group = 0;
    std::uint32_t number = 0;
  };

  /// A segment with the way it is read.
  struct Job {
    std::uint32_t extent = 0;  ///< counted from the tensor's first
    Segment segment;
    Strategy strategy = Strategy::straight;
    std::optional<Member> alone;  ///< reads it for itself: only its own wants are served
    bool scatters = false;        ///< not alone: one rank can copy it to all that want it, if they share a node
  };

  /// What a want means for one piece.
  struct Share {
    std::uint32_t want = 0;
    Bytes nbytes = 0;
    std::optional<Bytes> arena_run;  ///< the want is the whole piece, and consecutive in the shard from this offset on
    bool in_place = false;           ///< travels without being packed
    /// Staging that it takes in a message.
    Bytes packed_bytes() const noexcept { return in_place ? 0 : round_up(nbytes, kStagingAlignment); }
  };

  /// Staging that a piece's messages take on each rank of a group.
  struct Received {
    std::uint32_t group = 0;
    Bytes packed_bytes = 0;
  };

  /// A piece of a job that one rank reads.
  struct Task {
    std::uint32_t job = 0;
    Bytes begin = 0;
    Bytes end = 0;
    std::uint32_t ordinal = 0;  ///< among the pieces of its extent
    std::vector<Share> shares;
    std::vector<Received> received;  ///< by the groups that get some of it from the reader, each named once
  };

  /// The bytes of a shard where they stand together: from `begin_bytes` of an extent on.
  struct WholeInFile {
    std::uint32_t extent = 0;  ///< counted from the tensor's first
    Bytes begin_bytes = 0;
  };

  /// What alike parameters share: all that does not depend on what has been planned before them.
  struct Kind {
    Holders holders;
    std::vector<std::vector<Want>> wants;           ///< per extent of the tensor
    std::vector<std::optional<WholeInFile>> whole;  ///< per group: what could be a view
    std::shared_ptr<ShardLayout const> own_layout;  ///< of the own rank, on the parameters' stages; null if it has none
    std::uint32_t number = 0;                       ///< index into `LoadPlan::kinds`
    std::vector<Job> jobs;
    std::vector<Task> tasks;
    std::map<std::vector<std::uint32_t>, std::vector<AudienceId>> audiences;  ///< per group, by stages
  };

  /// Where a shard lies in its rank's arena.
  struct Position {
    Bytes offset = 0;
    bool is_view = false;
  };

  /// A rank whose arena this rank writes to: itself, and perhaps the others of its node.
  struct ArenaOnNode {
    std::uint32_t rank = 0;
    Bytes nbytes = 0;   ///< so far
    Position position;  ///< of the shard of the parameter being planned, if the rank holds one
  };

  /// Plans what a rank reads for its node, in a wave.
  using NodeRead = std::function<void(std::uint32_t reader, std::uint32_t wave)>;

  /// The parameter being planned.
  struct Context {
    std::uint32_t index;
    Parameter const& parameter;
    TensorInfo const& tensor;
    Bytes element_bytes;  ///< as stored
    DType dtype;          ///< in memory
    Kind const& kind;
    Holders const& holders;                  ///< of the kind
    std::span<AudienceId const> audiences;   ///< per group
    std::optional<std::uint32_t> own_group;  ///< of the own rank
    Position own;                            ///< of the own shard

    bool is_cast() const noexcept { return dtype != tensor.dtype; }
    std::vector<Want> const& wants_of(std::uint32_t extent) const { return kind.wants[extent]; }
  };

  void plan_parameter(std::uint32_t index);
  Kind& kind_of(std::uint32_t index);
  Context context_of(std::uint32_t index, Kind const& kind) const;
  std::span<AudienceId const> audiences_of(Kind& kind, std::vector<std::uint32_t> const& stages);
  /// Puts the shards of this node's ranks behind those before them.
  void reserve_arenas(Context& at);
  /// What a shard of a group takes in an arena.
  Bytes reserved_for(Context const& at, std::uint32_t group) const;
  /// Where a rank has its shard: behind those before it, or where it lies already. A shard that can be a view is one if
  /// it may begin in a page where it does in the file.
  Position position_of(Context const& at, std::uint32_t group, ArenaOnNode const& arena) const;
  std::vector<std::optional<WholeInFile>> whole_in_file(Context const& at) const;
  Bytes file_offset_of(Context const& at, WholeInFile const& whole) const;
  /// True if one rank of a node can copy the segment to all that want it there. What changes its type or order, or
  /// would go to others in many small runs, each takes by itself.
  bool can_scatter(Context const& at, std::uint32_t extent, Segment const& segment, SharedRead const& shared) const;
  /// How the segment travels.
  Strategy strategy_of(Context const& at, std::uint32_t extent, Segment const& segment, SharedRead const& shared,
                       bool scatters) const;
  /// True if all ranks that want some of the job are on one node.
  bool share_a_node(Context const& at, Job const& job) const;
  /// Of a range of an extent of the tensor, in `Area::mapped`.
  Bytes mapped_offset(Context const& at, std::uint32_t extent, Bytes begin) const;
  /// Also says how the parameter travels.
  std::vector<Job> jobs_of(Context const& at, PlannedParameter& planned) const;
  /// Who reads each job, where that is the same rank for all of its tasks.
  std::vector<std::optional<std::uint32_t>> readers_of(Context const& at) const;
  /// The distinct groups that want something of the segment.
  std::vector<std::uint32_t> groups_of(Context const& at, std::uint32_t extent, Segment const& segment) const;
  SharedRead shared_read(Context const& at, std::uint32_t extent, Segment const& segment) const;
  std::vector<Task> tasks_of(Context const& at) const;
  bool reads_straight(Context const& at, Job const& job) const;
  std::vector<Received> received_of(Context const& at, Job const& job, std::span<Share const> shares) const;
  void plan_task(Context const& at, Job const& job, Task const& task, std::uint32_t reader);
  /// A task of files that are mapped, which one rank reads straight into its shard, or verifies where that is a view.
  void plan_read_or_view(Context const& at, Job const& job, Task const& task);
  /// Has one rank of each node that wants something of the job read so many bytes of it: the one that has read least.
  void read_on_each_node(Context const& at, Job const& job, Bytes nbytes, NodeRead const& plan_read);
  /// A task that nobody reads: on every node that wants it, one rank verifies it, and each takes what it wants.
  void plan_mapped_task(Context const& at, Job const& job, Task const& task);
  /// A task that on every node that wants it one rank reads, for all of its node.
  void plan_scatter_task(Context const& at, Job const& job, Task const& task);
  /// Counts what a reader copies to its node's other ranks. @returns false if all that its node wants are views.
  bool count_scattered(Context const& at, Job const& job, Task const& task, std::uint32_t reader);
  void emit_scatter(Context const& at, Job const& job, Task const& task, WaveBuilder& out) const;
  std::uint32_t node_of(std::uint32_t rank) const { return options_.node_of.empty() ? 0 : options_.node_of[rank]; }
  /// Counts what the task moves. @returns what the reader needs in its slot.
  Bytes count_bytes(Context const& at, Job const& job, Task const& task, std::uint32_t reader);
  std::vector<Share> shares_of(Context const& at, Job const& job, Task const& task) const;
  std::uint32_t least_loaded(Context const& at, Job const& job) const;
  void emit_reader(Context const& at, Task const& task, Job const& job, std::span<Share const> shares,
                   std::uint32_t wave);
  void emit_receiver(Context const& at, Task const& task, Job const& job, std::span<Share const> shares,
                     std::uint32_t reader, std::uint32_t wave);
  std::vector<Box> boxes_in(Context const& at, Job const& job, Task const& task) const;
  /// From the piece, dense at `source_offset` of `source`, to the shard that begins at `arena_offset`.
  std::vector<PlannedCopy> copies_from_piece(Context const& at, Job const& job, Task const& task, Want const& want,
                                             Area source, Bytes source_offset, Bytes arena_offset) const;
  /// From the piece to a packed message, boxes one after the other.
  std::vector<PlannedCopy> copies_to_message(Context const& at, Job const& job, Task const& task, Want const& want,
                                             Area source, Bytes source_offset) const;
  /// From such a message to the own shard.
  std::vector<PlannedCopy> copies_from_message(Context const& at, Job const& job, Task const& task,
                                               Want const& want) const;
  /// From `area` to a shard, cast if need be.
  PlannedCopy place_copy(Context const& at, Area area, Placed const& source, Placed const& destination,
                         Dims const& extent) const;
  std::span<std::uint32_t const> ranks_of(Context const& at, std::uint32_t group) const;
  bool on_stage_of(Parameter const& parameter, std::uint32_t rank) const noexcept;
  void total_up();
  WaveBuilder& builder(std::uint32_t wave);
  void check_slot(Context const& at, std::span<StagingNeed const> needs) const;
  std::uint32_t slots_in_use() const noexcept;
  void check_memory() const;
  void predict();

  Catalog const& catalog_;
  ModelLayout const& layout_;
  Topology topology_;
  std::uint32_t rank_;
  PlanOptions const& options_;

  LoadPlan plan_;
  Audiences audiences_;
  std::unordered_map<std::uint32_t, Kind, AlikeParameters, AlikeParameters> kinds_;  ///< by their first parameter
  std::vector<Bytes> read_bytes_;      ///< by each rank so far; apart from `plan_`, as it is searched for every task
  std::vector<Bytes> kept_bytes_;      ///< by each rank so far, of what it read itself
  Bytes message_bytes_ = 0;            ///< that travel in messages so far; the rest is written to other arenas
  std::vector<StagingNeed> needs_;     ///< of the task being planned
  std::vector<Bytes> mapped_offsets_;  ///< by file
  std::vector<std::optional<std::uint32_t>> least_loaded_of_node_;  ///< of the job being planned
  std::vector<ArenaOnNode> arenas_;                                 ///< ascending by rank
  bool one_node_;                                                   ///< holds all ranks
  WaveScheduler scheduler_;
  std::vector<WaveBuilder> builders_;
};

}  // namespace distload
