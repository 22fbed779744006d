/// HeldModel: a loaded model as Python holds it, with all that is needed to fill it again.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <distload/config/config.hpp>
#include <distload/load/loader.hpp>
#include <distload/load/progress.hpp>
#include <distload/load/sharded_model.hpp>
#include <distload/partition/opened_checkpoint.hpp>
#include <distload/plan/load_plan.hpp>
#include <distload/redistribute/redistributor.hpp>

#include "python/group.hpp"
#include "python/memory.hpp"

namespace distload::python {

/// What a model was loaded from, kept for its report.
struct Origin {
  OpenedCheckpoint checkpoint;
  LoadPlan plan;
};

/// Not copied or moved: tensors that Python has point into its memory and keep it alive. Members that are collective
/// are so over the group's world.
class HeldModel : public std::enable_shared_from_this<HeldModel> {
 public:
  /// @param origin  nothing: the model was made by a redistribution, and `loaded` has only the model
  HeldModel(Group& group, ProcessGrid const& grid, Config config, LoadResult loaded, std::optional<Origin> origin);
  ~HeldModel();
  HeldModel(HeldModel const&) = delete;
  HeldModel& operator=(HeldModel const&) = delete;

  /// Collective: loads what `config` says.
  /// @throws as Loader's members
  static std::shared_ptr<HeldModel> load(Group& group, Config const& config, ProgressSink progress);

  /// Collective: fills the shards again from the checkpoint of `config`, which differs from the model's in
  /// `checkpoint` alone.
  /// @throws ConfigError  the model has been redistributed, so that it has no shards, or shares them.
  /// @throws as Loader::reload
  void reload(Config const& config, ProgressSink progress);

  /// Collective: the model in another topology. In place, this model has no shards afterwards.
  /// @throws ConfigError  in place, while tensors or parallel models of this model are in use; on all ranks.
  /// @throws as Redistributor::redistribute
  /// @param config  of the new model
  std::shared_ptr<HeldModel> redistribute(Topology const& topology, Config const& config,
                                          RedistributeOptions const& options, bool in_place, ProgressSink progress);

  /// Collective: the load's report as JSON on the first rank.
  /// @throws ConfigError  the model was made by a redistribution.
  std::string report(bool tensors) const;

  /// Collective: as distload::check_numbers.
  void check_numbers() const;

  Group& group() const noexcept { return *group_; }
  ProcessGrid const& grid() const noexcept { return *grid_; }
  Config const& config() const noexcept { return config_; }
  bool is_released() const noexcept { return is_released_; }
  ShardedModel const& model() const noexcept { return loaded_.model; }
  LoadTimes const& times() const noexcept { return loaded_.times; }
  EngineInUse const& engine() const noexcept { return loaded_.engine; }

  /// Keeps this model and the place of its shards, until the last copy of the result is destroyed.
  std::shared_ptr<void> in_use();

  /// The memory of a shard of this model, which the result keeps alive. Read-only where a file is mapped.
  Memory memory_of(Shard const& shard);

 private:
  Group* group_;
  ProcessGrid const* grid_;
  Config config_;
  LoadResult loaded_;
  std::optional<Origin> origin_;
  bool is_released_ = false;          ///< by a redistribution in place
  bool is_shared_ = false;            ///< another model has some of its shards
  std::atomic<std::size_t> uses_{0};  ///< results of `in_use` that someone has
};

}  // namespace distload::python
