/// HeldReader: an open checkpoint of which ranks load any boxes, without the rules of a family.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <distload/config/config.hpp>
#include <distload/load/loader.hpp>
#include <distload/partition/opened_checkpoint.hpp>
#include <distload/partition/shard_request.hpp>

#include "python/group.hpp"
#include "python/held_model.hpp"
#include "python/memory.hpp"

namespace distload::python {

/// Members that are collective are so over the group's world.
class HeldReader {
 public:
  /// Collective: opens the checkpoint of `config`.
  /// @throws as Loader::open_tensors
  HeldReader(Group& group, Config const& config, ProgressSink progress);

  /// Collective: loads what each rank asks for, as a model of these shards.
  /// @throws ConfigError  as Loader::with_requests; others as Loader::load
  std::shared_ptr<HeldModel> load(std::vector<ShardRequest> const& own);

  /// Collective: loads what each rank asks for into `memories`, one for each.
  /// @throws ConfigError  as Loader::with_requests and plan; others as Loader::load_into
  void load_into(std::vector<ShardRequest> const& own, std::vector<Memory> const& memories);

  Catalog const& catalog() const noexcept { return tensors_.catalog; }
  Group& group() const noexcept { return *group_; }

 private:
  Group* group_;
  Config config_;
  ProcessGrid const* grid_;
  Loader loader_;
  OpenedCheckpoint tensors_;
};

}  // namespace distload::python
