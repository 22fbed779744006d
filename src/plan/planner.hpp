/// Planner: walks over all parameters once, deciding for every rank and writing down what the own rank has to do.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <distload/plan/make_plan.hpp>

#include "plan/holders.hpp"
#include "plan/segments.hpp"
#include "plan/wave_builder.hpp"
#include "plan/wave_scheduler.hpp"

namespace distload {

class Planner {
 public:
  Planner(Catalog const& catalog, ModelLayout const& layout, Topology const& topology, std::uint32_t rank,
          PlanOptions const& options);

  LoadPlan run() &&;

 private:
  /// A segment with the way it is read.
  struct Job {
    std::uint32_t extent = 0;
    Segment segment;
    Strategy strategy = Strategy::straight;
    std::optional<std::uint32_t> reader;  ///< fixed beforehand: straight and broadcast
    bool alone = false;                   ///< only the reader's own wants are served
  };

  /// A piece of a job that one rank reads.
  struct Task {
    std::uint32_t job = 0;
    Bytes begin = 0;
    Bytes end = 0;
    std::uint32_t ordinal = 0;  ///< among the pieces of its extent
  };

  /// What a want means for one piece.
  struct Share {
    std::uint32_t want = 0;
    Bytes nbytes = 0;
    std::optional<Bytes> arena_run;  ///< the want is the whole piece, and consecutive in the shard from this offset on
    bool in_place = false;           ///< travels without being packed
  };

  /// The parameter being planned.
  struct Context {
    std::uint32_t index;
    Parameter const& parameter;
    TensorInfo const& tensor;
    Bytes element_bytes;  ///< as stored
    DType dtype;          ///< in memory
    Holders holders;
    std::vector<std::vector<std::uint32_t>> ranks;  ///< per group
    std::optional<std::uint32_t> own_group;
    Bytes arena_offset = 0;                ///< of the own shard
    std::vector<std::vector<Want>> wants;  ///< per extent of the tensor

    bool is_cast() const noexcept { return dtype != tensor.dtype; }
    std::vector<Want> const& wants_of(std::uint32_t extent) const { return wants[extent - tensor.first_extent]; }
  };

  void plan_parameter(std::uint32_t index);
  void reserve_arena(Context const& at);
  std::vector<Job> jobs_of(Context const& at);
  /// The distinct groups that want something of the segment.
  std::vector<std::uint32_t> groups_of(Context const& at, std::uint32_t extent, Segment const& segment) const;
  SharedRead shared_read(Context const& at, std::uint32_t extent, Segment const& segment) const;
  std::vector<Task> tasks_of(Context const& at, std::span<Job const> jobs) const;
  bool reads_straight(Context const& at, Job const& job) const;
  void plan_task(Context const& at, Job const& job, Task const& task);
  std::vector<Share> shares_of(Context const& at, Job const& job, Task const& task) const;
  std::uint32_t least_loaded(Context const& at, std::uint32_t extent, Segment const& segment) const;
  void emit_reader(Context const& at, Task const& task, Job const& job, std::span<Share const> shares,
                   std::uint32_t wave);
  void emit_receiver(Context const& at, Task const& task, Job const& job, std::span<Share const> shares,
                     std::uint32_t reader, std::uint32_t wave);
  std::vector<Box> boxes_in(Context const& at, Job const& job, Task const& task) const;
  /// From the piece, dense at `source_offset`, to the own shard.
  std::vector<PlannedCopy> copies_from_piece(Context const& at, Job const& job, Task const& task, Want const& want,
                                             Bytes source_offset) const;
  /// From the piece to a packed message, boxes one after the other.
  std::vector<PlannedCopy> copies_to_message(Context const& at, Job const& job, Task const& task, Want const& want,
                                             Area source, Bytes source_offset) const;
  /// From such a message to the own shard.
  std::vector<PlannedCopy> copies_from_message(Context const& at, Job const& job, Task const& task,
                                               Want const& want) const;
  /// From staging to the own shard, cast if need be.
  PlannedCopy place_copy(Context const& at, Placed const& source, Placed const& destination, Dims const& extent) const;
  Audience audience_of(Context const& at, std::uint32_t group) const;
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
  WaveScheduler scheduler_;
  std::vector<WaveBuilder> builders_;
};

}  // namespace distload
