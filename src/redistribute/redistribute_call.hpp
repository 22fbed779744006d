/// RedistributeCall: one call of a Redistributor, from the agreement of the ranks to the filled shards.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <distload/redistribute/redistributor.hpp>

#include "base/page_choice.hpp"
#include "load/arena.hpp"
#include "parallel/device_messages.hpp"
#include "parallel/liveness/call_scope.hpp"
#include "partition/model_recipe.hpp"
#include "redistribute/described_model.hpp"
#include "redistribute/group_roles.hpp"
#include "redistribute/plan/make_redistribute_plan.hpp"
#include "redistribute/plan/side.hpp"

namespace distload {

/// A rank's part of a model; without `model`, it has none.
struct HeldModel {
  ShardedModel const* model = nullptr;
  std::shared_ptr<ModelRecipe const> recipe;
  std::span<std::shared_ptr<Arena> const> arenas;
};

/// What the ranks have agreed on, and this rank's plan.
struct AgreedRedistribution {
  DescribedModel source_model;
  std::shared_ptr<ModelRecipe const> target_recipe;
  Side source;
  Side target;
  RedistributePlan plan;
  Bytes needed_bytes = 0;  ///< what this rank lacks of its target
  bool frees_source = false;
  bool fills_existing = false;  ///< the target has memory
};

/// Remembers a rank's part of a model, without keeping its memory.
class RememberedModel {
 public:
  explicit RememberedModel(HeldModel const& held);
  /// True if it is the same memory with the same shards.
  bool is(HeldModel const& held) const;

 private:
  std::shared_ptr<ModelRecipe const> recipe_;  ///< null if the rank has no part
  std::vector<std::weak_ptr<Arena>> arenas_;
};

/// The last plan of `refresh`, and what it is for.
struct KeptPlan {
  RedistributeRole role;
  RememberedModel source;
  RememberedModel target;
  std::shared_ptr<AgreedRedistribution const> agreed;
};

/// What the calls of a redistributor share.
struct RedistributeContext {
  RedistributeContext(Communicator& all, Communicator& of_node, RedistributeOptions with, RuntimeOptions of_runtime,
                      ProgressSink sink)
      : ranks(all),
        node(of_node),
        options(std::move(with)),
        runtime(of_runtime),
        progress(std::move(sink)),
        pages(options.huge_pages),
        messages(all, of_node, {.timeout = of_runtime.timeout}) {}

  Communicator& ranks;
  Communicator& node;
  RedistributeOptions options;
  RuntimeOptions runtime;
  ProgressSink progress;
  PageChoice pages;
  DeviceMessages messages;               ///< in the memory of shards
  std::vector<std::uint32_t> node_of;    ///< by rank; empty until it has been asked
  std::optional<bool> reads_from_peers;  ///< likewise
  std::optional<KeptPlan> kept;
};

/// What a ShardedModel is made of.
struct ModelParts {
  CheckpointMetadata metadata;
  Topology topology;
  std::vector<Shard> shards;
  std::map<std::string, std::string, std::less<>> aliases;
  std::vector<std::shared_ptr<Arena>> arenas;
  std::shared_ptr<ModelRecipe const> recipe;
  std::vector<FileIdentity> sources;
};

/// All members except the last ones are collective over the group.
class RedistributeCall {
 public:
  /// Collective: the ranks meet. `topology`: of the outcome; nothing if the target exists.
  RedistributeCall(RedistributeContext& context, char const* call, RedistributeRole const& role,
                   std::optional<Topology> const& topology);

  /// Collective: what `make_model` takes of a model that is loaded as `loaded` says.
  RedistributeForecast forecast(OpenedCheckpoint const& checkpoint, LoadPlan const& loaded, Topology const& topology,
                                bool in_place);
  /// Collective: @returns this rank's part of a new model; nothing if it has none.
  std::optional<ModelParts> make_model(HeldModel const& source, Topology const& topology, bool in_place);
  /// Collective: fills the memory of `target`.
  void fill(HeldModel const& source, HeldModel const& target);

  /// Valid after `make_model` or `fill`.
  RedistributeTimes const& times() const noexcept { return times_; }
  CheckpointMetadata const& metadata() const noexcept { return agreed_->source_model.recipe.catalog.metadata; }

 private:
  void check_presence(HeldModel const& held, std::optional<std::uint32_t> const& number, char const* role) const;
  /// Collective: the description of a model by the rank `first` of the group, which holds it.
  DescribedModel described(HeldModel const& held, std::uint32_t first);
  /// Both sides. `target`: of a model that exists.
  AgreedRedistribution make_sides(DescribedModel source, DescribedModel const* target, Topology const& topology) const;
  /// Collective: a request with what does not depend on memory.
  /// @param source_bytes  memory of this rank that is available now and that the source will take
  RedistributeRequest request_for(AgreedRedistribution const& agreed, Bytes source_bytes);
  /// Collective: plans for models that exist.
  RedistributePlan plan_for(AgreedRedistribution const& agreed, HeldModel const& source, HeldModel const& target);
  /// Collective: plans `fill`.
  std::shared_ptr<AgreedRedistribution const> agreed_fill(HeldModel const& source, HeldModel const& target);
  /// Collective over the node: the offsets of its ranks' shards of the source. `own`: empty if there are none.
  std::map<std::uint32_t, ShardOffsets> sources_of_node(ShardOffsets own, std::size_t parameters);
  /// Collective: whether the ranks of every node can read each other's memory; asked once.
  bool can_read_from_peers();
  /// Collective: executes the plan.
  void run(std::span<std::shared_ptr<Arena> const> source, std::span<std::shared_ptr<Arena> const> target);
  /// Collective: times of the ranks together.
  void finish_times(std::uint64_t overflows);
  ModelParts parts_of(HeldModel const& source, std::shared_ptr<Arena> own) const;
  void report_progress(Bytes done, Bytes total);

  RedistributeContext& context_;
  Communicator& ranks_;
  RedistributeRole role_;
  CallScope scope_;
  std::chrono::steady_clock::time_point begin_;
  RedistributeTimes times_;
  GroupRoles roles_;
  std::shared_ptr<AgreedRedistribution const> agreed_;
};

/// The recipe of the outcome of a redistribution with `options`.
ModelRecipe changed(ModelRecipe recipe, RedistributeOptions const& options);

}  // namespace distload
