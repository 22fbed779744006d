// Finds the positions of shards, and those on the node's other ranks.
#include "load/shard_places.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>

#include <distload/base/error.hpp>

#include "base/text.hpp"
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

Arena arena_over(std::span<ShardMemory const> own) {
  std::byte* begin = nullptr;
  std::byte* end = nullptr;
  for (auto const& memory : own) {
    if (memory.nbytes == 0) continue;
    begin = begin == nullptr ? memory.data : std::min(begin, memory.data);
    end = std::max(end, memory.data + memory.nbytes);
  }
  return Arena::over({begin, end});
}

std::vector<std::optional<ShardPlace>> places_in(std::span<ShardMemory const> own, Arena const& arena,
                                                 OpenedCheckpoint const& checkpoint) {
  std::map<std::string_view, ShardMemory const*> by_name;
  for (auto const& memory : own) {
    if (!by_name.emplace(memory.name, &memory).second) {
      throw ConfigError("there is memory for shard " + printable(memory.name) + " twice");
    }
  }
  std::vector<std::optional<ShardPlace>> places;
  places.reserve(checkpoint.layout.parameters.size());
  for (auto const& parameter : checkpoint.layout.parameters) {
    auto const found = by_name.find(checkpoint.catalog.tensors[parameter.tensor].name);
    if (found == by_name.end()) {
      places.emplace_back();
      continue;
    }
    auto const& memory = *found->second;
    places.push_back(ShardPlace{memory.nbytes == 0 ? 0 : static_cast<Bytes>(memory.data - arena.data()), false});
    by_name.erase(found);
  }
  if (!by_name.empty()) {
    throw ConfigError("there is memory for " + printable(by_name.begin()->first) + ", which is no shard");
  }
  return places;
}

void check_memory(std::span<ShardMemory const> own, Arena const& arena, OpenedCheckpoint const& checkpoint,
                  LoadPlan const& plan) {
  std::map<std::string_view, ShardMemory const*> by_name;
  for (auto const& memory : own) by_name.emplace(memory.name, &memory);
  for (auto const& shard : plan.work->shards) {
    auto const& name = checkpoint.catalog.tensors[checkpoint.layout.parameters[shard.parameter].tensor].name;
    auto const found = by_name.find(name);
    if (found == by_name.end()) throw ConfigError("there is no memory for shard " + printable(name));
    auto const& memory = *found->second;
    if (memory.nbytes != shard.nbytes) {
      throw ConfigError("shard " + printable(name) + " has " + std::to_string(shard.nbytes) + " B, its memory " +
                        std::to_string(memory.nbytes) + " B");
    }
    if (memory.nbytes > 0 && memory.data != arena.data() + shard.offset_bytes) {
      throw ConfigError("the plan was made for other memory of shard " + printable(name));
    }
    by_name.erase(found);
  }
  if (!by_name.empty()) {
    throw ConfigError("there is memory for " + printable(by_name.begin()->first) + ", of which this rank has no shard");
  }
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
