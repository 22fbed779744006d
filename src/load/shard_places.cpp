// Places of shards, and those of a node's other ranks.
#include "load/shard_places.hpp"

#include <cstdint>
#include <span>

namespace distload {

std::vector<std::optional<ShardPlace>> places_in(ShardedModel const& model, Arena const& arena,
                                                 OpenedCheckpoint const& checkpoint) {
  std::vector<std::optional<ShardPlace>> places;
  places.reserve(checkpoint.layout.parameters.size());
  for (auto const& parameter : checkpoint.layout.parameters) {
    // The parts of one that is held as several lie one after the other.
    auto const& name = parameter.split_names.empty() ? checkpoint.catalog.tensors[parameter.tensor].name
                                                     : parameter.split_names.front();
    auto const* const shard = model.find(name);
    if (shard == nullptr) {
      places.emplace_back();
    } else {
      places.push_back(ShardPlace{shard->offset_bytes, arena.shows_file_at(shard->offset_bytes)});
    }
  }
  return places;
}

PlacesByRank shared_on_node(ProcessGrid const& grid, std::vector<std::optional<ShardPlace>> const& own) {
  struct Entry {
    std::uint8_t is_held = 0;
    ShardPlace place;
  };
  std::vector<Entry> mine;
  mine.reserve(own.size());
  for (auto const& place : own)
    mine.push_back({place ? std::uint8_t{1} : std::uint8_t{0}, place.value_or(ShardPlace{})});
  auto& node = grid.node();
  std::vector<std::uint32_t> ranks(node.size());
  auto const rank = grid.rank();
  node.all_gather(std::as_bytes(std::span(&rank, 1)), std::as_writable_bytes(std::span(ranks)));
  std::vector<Entry> all(node.size() * mine.size());
  node.all_gather(std::as_bytes(std::span(mine)), std::as_writable_bytes(std::span(all)));
  PlacesByRank places;
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto const& entry = all[i];
    places[ranks[i / mine.size()]].push_back(entry.is_held != 0 ? std::optional(entry.place) : std::nullopt);
  }
  return places;
}

}  // namespace distload
