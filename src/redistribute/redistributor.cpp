// The calls of a redistributor.
#include <distload/redistribute/redistributor.hpp>

#include <utility>

#include <distload/base/error.hpp>
#include <distload/config/validate.hpp>

#include "partition/model_recipe.hpp"
#include "redistribute/plan/side.hpp"
#include "redistribute/redistribute_call.hpp"

namespace distload {
namespace {

constexpr Bytes kLeastStaging = 16 * kMiB;

/// The role of a rank that has the same number on both sides.
RedistributeRole role_of(Communicator const& ranks) {
  return {.source_rank = ranks.rank(), .target_rank = ranks.rank()};
}

}  // namespace

struct Redistributor::Members : RedistributeContext {
  using RedistributeContext::RedistributeContext;
};

Redistributor::Redistributor(Communicator& ranks, Communicator& node, RedistributeOptions options,
                             RuntimeOptions runtime, ProgressSink progress) {
  validate(runtime);
  if (options.staging < kLeastStaging) {
    throw ConfigError("RedistributeOptions::staging is " + format_bytes(options.staging) + ", but at least " +
                      format_bytes(kLeastStaging) + " is needed");
  }
  members_ = std::make_unique<Members>(ranks, node, std::move(options), runtime, std::move(progress));
}

Redistributor::~Redistributor() = default;

void Redistributor::check(OpenedCheckpoint const& checkpoint, Topology const& topology) const {
  if (checkpoint.recipe == nullptr) throw ConfigError("Redistributor::check takes what Loader::open returns");
  check_expert_parallel(topology);
  static_cast<void>(make_side(changed(*checkpoint.recipe, members_->options), topology));
}

RedistributeForecast Redistributor::forecast(OpenedCheckpoint const& checkpoint, LoadPlan const& loaded,
                                             Topology const& topology, bool in_place) {
  RedistributeCall call(*members_, "Redistributor::forecast", role_of(members_->ranks), topology);
  return call.forecast(checkpoint, loaded, topology, in_place);
}

RedistributeResult Redistributor::redistribute(ShardedModel const& source, Topology const& topology) {
  return redistribute(&source, topology, role_of(members_->ranks));
}

RedistributeResult Redistributor::redistribute(ShardedModel const* source, Topology const& topology,
                                               RedistributeRole const& role) {
  RedistributeCall call(*members_, "Redistributor::redistribute", role, topology);
  auto parts = call.make_model(source == nullptr ? HeldModel{} : held(*source), topology, /*in_place=*/false);
  return {assembled(std::move(parts)), call.times()};
}

RedistributeResult Redistributor::redistribute_in_place(ShardedModel source, Topology const& topology) {
  return redistribute_in_place(std::optional(std::move(source)), topology, role_of(members_->ranks));
}

RedistributeResult Redistributor::redistribute_in_place(std::optional<ShardedModel> source, Topology const& topology,
                                                        RedistributeRole const& role) {
  RedistributeCall call(*members_, "Redistributor::redistribute_in_place", role, topology);
  auto parts = call.make_model(source ? held(*source) : HeldModel{}, topology, /*in_place=*/true);
  return {assembled(std::move(parts)), call.times()};
}

RedistributeTimes Redistributor::refresh(ShardedModel const* source, ShardedModel* target,
                                         RedistributeRole const& role) {
  RedistributeCall call(*members_, "Redistributor::refresh", role, std::nullopt);
  call.fill(source == nullptr ? HeldModel{} : held(*source), target == nullptr ? HeldModel{} : held(*target));
  if (target != nullptr) target->metadata_ = call.metadata();
  return call.times();
}

RedistributeTimes Redistributor::refresh(ShardedModel const& source, ShardedModel& target) {
  return refresh(&source, &target, role_of(members_->ranks));
}

HeldModel Redistributor::held(ShardedModel const& model) {
  return {.model = &model, .recipe = model.recipe_, .arenas = model.arenas_};
}

std::optional<ShardedModel> Redistributor::assembled(std::optional<ModelParts> parts) {
  if (!parts) return std::nullopt;
  ShardedModel model(std::move(parts->metadata), parts->topology, std::move(parts->shards), std::move(parts->aliases),
                     std::move(parts->arenas));
  model.recipe_ = std::move(parts->recipe);
  model.sources_ = std::move(parts->sources);
  return model;
}

ShardedModel redistribute(ProcessGrid const& grid, ShardedModel const& model, Topology const& topology,
                          RedistributeOptions const& options) {
  Redistributor redistributor(grid.world(), grid.node(), options);
  return std::move(*redistributor.redistribute(model, topology).model);
}

}  // namespace distload
