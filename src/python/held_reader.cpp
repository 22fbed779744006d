// Opens once, loads many times.
#include "python/held_reader.hpp"

#include <optional>
#include <utility>

#include "python/runtime.hpp"

namespace distload::python {

HeldReader::HeldReader(Group& group, Config const& config, ProgressSink progress)
    : group_(&group),
      config_(config),
      grid_(&group.grid({.tensor_parallel = group.world().size()})),
      loader_(*grid_, static_cast<LoaderOptions const&>(config), std::move(progress)),
      tensors_(loader_.open_tensors()) {
  require_kokkos(config.runtime.threads, *grid_);
}

std::shared_ptr<HeldModel> HeldReader::load(std::vector<ShardRequest> const& own) {
  auto const checkpoint = loader_.with_requests(tensors_, own);
  auto const plan = loader_.plan(checkpoint);
  return std::make_shared<HeldModel>(*group_, *grid_, config_, loader_.load(checkpoint, plan), std::nullopt);
}

}  // namespace distload::python
