// Finds shards by name and checks views.
#include <distload/load/sharded_model.hpp>

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/text.hpp"
#include "load/arena.hpp"

namespace distload {

ShardedModel::ShardedModel(CheckpointMetadata metadata, Topology topology, std::vector<Shard> shards,
                           std::map<std::string, std::string, std::less<>> aliases, Arena arena)
    : ShardedModel(std::move(metadata), topology, std::move(shards), std::move(aliases),
                   std::vector{std::make_shared<Arena>(std::move(arena))}) {}

ShardedModel::ShardedModel(CheckpointMetadata metadata, Topology topology, std::vector<Shard> shards,
                           std::map<std::string, std::string, std::less<>> aliases,
                           std::vector<std::shared_ptr<Arena>> arenas)
    : metadata_(std::move(metadata)),
      topology_(topology),
      shards_(std::move(shards)),
      aliases_(std::move(aliases)),
      arenas_(std::move(arenas)) {
  by_name_.resize(shards_.size());
  std::iota(by_name_.begin(), by_name_.end(), std::size_t{0});
  // They are out of order only if parameters are split.
  auto const name_of = [this](std::size_t index) -> std::string const& { return shards_[index].name; };
  if (!std::ranges::is_sorted(by_name_, {}, name_of)) std::ranges::stable_sort(by_name_, {}, name_of);
}

ShardedModel::~ShardedModel() = default;
ShardedModel::ShardedModel(ShardedModel&&) noexcept = default;
ShardedModel& ShardedModel::operator=(ShardedModel&&) noexcept = default;

Shard const* ShardedModel::find(std::string_view name) const noexcept {
  if (auto const alias = aliases_.find(name); alias != aliases_.end()) name = alias->second;
  auto const found = std::ranges::lower_bound(
      by_name_, name, {}, [this](std::size_t index) -> std::string_view { return shards_[index].name; });
  return found == by_name_.end() || shards_[*found].name != name ? nullptr : &shards_[*found];
}

ShardBytes ShardedModel::bytes(Shard const& shard) const {
  auto const place = place_in(arenas_, shard.offset_bytes);
  return arenas_[place.arena]->bytes(place.offset_bytes, shard.nbytes);
}

bool ShardedModel::is_mapped(Shard const& shard) const noexcept {
  auto const place = place_in(arenas_, shard.offset_bytes);
  return shard.nbytes > 0 && arenas_[place.arena]->maps_file_at(place.offset_bytes);
}

Bytes ShardedModel::resident_bytes() const noexcept {
  Bytes resident = arenas_.empty() ? 0 : arenas_.front()->nbytes();
  if (arenas_.size() <= 1) return resident;
  auto const first = arena_span(*arenas_.front());
  for (auto const& shard : shards_) {
    if (shard.offset_bytes >= first) resident += shard.nbytes;
  }
  return resident;
}

Shard const& ShardedModel::checked(std::string_view name, std::size_t axes, std::size_t element_bytes) const {
  auto const* const shard = find(name);
  if (shard == nullptr) throw ConfigError("this rank holds no parameter named " + std::string(name));
  if (shard->shape.size() != axes || size_of(shard->dtype) != element_bytes) {
    throw ConfigError(printable(shard->name) + " is " + std::string(name_of(shard->dtype)) + " " +
                      to_string(shard->shape) + ", which is no view of " + std::to_string(axes) +
                      " axes and elements of " + std::to_string(element_bytes) + " bytes");
  }
  return *shard;
}

}  // namespace distload
