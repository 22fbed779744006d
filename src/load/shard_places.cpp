// Finds the positions of shards, and those on the node's other ranks.
#include "load/shard_places.hpp"

#include <cstddef>
#include <span>
#include <type_traits>

#include "parallel/all_gathered.hpp"

namespace distload {

std::vector<std::optional<ShardPlace>> places_in(ShardedModel const& model, Arena const& arena,
                                                 OpenedCheckpoint const& checkpoint) {
  std::vector<std::optional<ShardPlace>> places;
  places.reserve(checkpoint.layout.parameters.size());
  for (auto const& parameter : checkpoint.layout.parameters) {
    // The parts of a split parameter are contiguous, in order.
    auto const& name = parameter.split_names.empty() ? checkpoint.catalog.tensors[parameter.tensor].name
                                                     : parameter.split_names.front();
    auto const* const shard = model.find(name);
    if (shard == nullptr) {
      places.emplace_back();
    } else {
      places.push_back(ShardPlace{shard->offset_bytes, arena.maps_file_at(shard->offset_bytes)});
    }
  }
  return places;
}

PlacesByRank shared_on_node(ProcessGrid const& grid, std::vector<std::optional<ShardPlace>> const& own) {
  using Place = std::optional<ShardPlace>;
  static_assert(std::is_trivially_copyable_v<Place>);
  auto& node = grid.node();
  auto const ranks = all_gathered(node, grid.rank());
  std::vector<Place> all(node.size() * own.size());
  node.all_gather(std::as_bytes(std::span(own)), std::as_writable_bytes(std::span(all)));
  PlacesByRank places;
  auto next = all.begin();
  for (auto const rank : ranks) {
    auto const end = next + static_cast<std::ptrdiff_t>(own.size());
    places[rank].assign(next, end);
    next = end;
  }
  return places;
}

}  // namespace distload
