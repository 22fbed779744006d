// Loads and keeps models.
#include "python/held_model.hpp"

#include <utility>

#include <Kokkos_Core.hpp>

#include <distload/base/error.hpp>
#include <distload/infer/parallel_model.hpp>
#include <distload/load/report.hpp>
#include <distload/parallel/resolve_topology.hpp>

#include "device/survey.hpp"
#include "parallel/all_or_throw.hpp"
#include "python/runtime.hpp"

namespace distload::python {
HeldModel::HeldModel(Group& group, ProcessGrid const& grid, Config config, LoadResult loaded,
                     std::optional<Origin> origin)
    : group_(&group),
      grid_(&grid),
      config_(std::move(config)),
      loaded_(std::move(loaded)),
      origin_(std::move(origin)) {}

HeldModel::~HeldModel() = default;

std::shared_ptr<HeldModel> HeldModel::load(Group& group, Config const& config, ProgressSink progress) {
  auto const& asked = config.topology;
  auto const topology = resolve_topology(asked.tensor_parallel, asked.pipeline_parallel, asked.data_parallel,
                                         group.world().size(), asked.expert_parallel);
  auto const& grid = group.grid(topology);
  require_kokkos(config.runtime.threads, grid);
  Loader loader(grid, static_cast<LoaderOptions const&>(config), std::move(progress));
  auto checkpoint = loader.open();
  auto plan = loader.plan(checkpoint);
  auto loaded = loader.load(checkpoint, plan);
  return std::make_shared<HeldModel>(group, grid, config, std::move(loaded),
                                     Origin{std::move(checkpoint), std::move(plan)});
}

void HeldModel::reload(Config const& config, ProgressSink progress) {
  if (is_released_) throw ConfigError("reload: the model has been redistributed in place");
  if (is_shared_) throw ConfigError("reload: the model shares shards with one that was redistributed from it");
  Loader loader(*grid_, static_cast<LoaderOptions const&>(config), std::move(progress));
  auto checkpoint = loader.open();
  auto plan = loader.plan(checkpoint, loaded_.model);
  auto done = loader.reload(loaded_.model, checkpoint, plan);
  config_ = config;
  loaded_.times = done.times;
  loaded_.engine = std::move(done.engine);
  origin_ = Origin{std::move(checkpoint), std::move(plan)};
}

std::shared_ptr<HeldModel> HeldModel::redistribute(Topology const& topology, Config const& config,
                                                   RedistributeOptions const& options, bool in_place,
                                                   ProgressSink progress) {
  if (is_released_) throw ConfigError("redistribute: the model has been redistributed in place before");
  all_or_throw(group_->world(), "redistribute", [&] {
    if (!in_place || uses_ == 0) return;
    throw ConfigError("redistribute: in place frees the shards, but " + std::to_string(uses_.load()) +
                      " tensors or parallel models of this model are in use; delete them first");
  });
  Redistributor redistributor(group_->world(), group_->node(), options, config_.runtime, std::move(progress));
  // What can be found out before the shards are given away.
  if (in_place && origin_) redistributor.check(origin_->checkpoint, topology);
  is_released_ = in_place;
  auto made = in_place ? redistributor.redistribute_in_place(std::move(loaded_.model), topology)
                       : redistributor.redistribute(loaded_.model, topology);
  if (in_place) origin_.reset();
  is_shared_ = !in_place && options.share;
  return std::make_shared<HeldModel>(*group_, group_->grid(topology), config,
                                     LoadResult{*std::move(made.model), {}, loaded_.engine}, std::nullopt);
}

std::string HeldModel::report(bool tensors) const {
  if (!origin_) throw ConfigError("report: the model was not loaded, but redistributed");
  return make_report(*grid_, origin_->checkpoint, origin_->plan, loaded_, tensors);
}

void HeldModel::check_numbers() const {
  all_or_throw(group_->world(), "check", [&] { distload::check_numbers(model()); });
}

std::shared_ptr<void> HeldModel::in_use() {
  ++uses_;
  return {this, [held = shared_from_this()](void* /*self*/) { --held->uses_; }};
}

Memory HeldModel::memory_of(Shard const& shard) {
  auto const bytes = model().bytes(shard);
  Memory memory;
  memory.data = bytes.data();
  memory.dtype = shard.dtype;
  memory.shape = shard.shape;
  if (is_built_for_devices()) memory.device = Kokkos::device_id();
  memory.read_only = model().is_mapped(shard);
  memory.owner = in_use();
  return memory;
}

}  // namespace distload::python
