// Opens once, loads many times.
#include "python/held_reader.hpp"

#include <cstddef>
#include <optional>
#include <utility>

#include <distload/base/error.hpp>

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

void HeldReader::load_into(std::vector<ShardRequest> const& own, std::vector<Memory> const& memories) {
  if (config_.load.dtype) throw ConfigError("load.dtype: tensors are loaded into memory that has a type already");
  std::vector<ShardMemory> given;
  given.reserve(own.size());
  for (std::size_t i = 0; i < own.size(); ++i) {
    auto const& memory = memories[i];
    given.push_back({own[i].name, memory.data, volume(memory.shape) * size_of(memory.dtype)});
  }
  auto const checkpoint = loader_.with_requests(tensors_, own);
  loader_.load_into(checkpoint, loader_.plan(checkpoint, given), given);
}

}  // namespace distload::python
