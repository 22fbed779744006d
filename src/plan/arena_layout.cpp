// Places shards consecutively; views get their own pages.
#include "plan/arena_layout.hpp"

namespace distload {

ArenaLayout::ArenaLayout(PlanRequest const& request) : request_(request) {
  for (std::uint32_t rank = 0; rank < request.topology.ranks(); ++rank) {
    bool const is_peer = request.options.writes_to_peers && request.node_of(rank) == request.node_of(request.rank);
    if (rank == request.rank || is_peer) arenas_.push_back({.rank = rank});
  }
}

ShardPosition ArenaLayout::place(CurrentParameter const& parameter, RankWork& work) {
  ShardPosition own;
  for (auto& arena : arenas_) {
    if (!request_.is_on_stage_of(parameter.parameter, arena.rank)) continue;
    auto const group = parameter.demand().holders().group_of(arena.rank);
    if (!group) continue;
    arena.current = position_of(parameter, *group, arena);
    arena.nbytes += shard_bytes_in_arena(parameter, *group);
    if (arena.rank != request_.rank) continue;
    own = arena.current;
    own_bytes_ = arena.nbytes;
    add_own_shard(parameter, *group, own, work);
  }
  return own;
}

Bytes ArenaLayout::shard_bytes_in_arena(CurrentParameter const& parameter, std::uint32_t group) const {
  auto const nbytes = parameter.demand().shard_bytes(group);
  auto const page = request_.options.page_bytes;
  // No other shard may be in a view's pages, and the view may begin anywhere in its first page.
  return parameter.kind.view_candidates[group] ? round_up(nbytes, page) + 2 * page : round_up(nbytes, kShardAlignment);
}

ShardPosition ArenaLayout::position_of(CurrentParameter const& parameter, std::uint32_t group,
                                       NodeArena const& arena) const {
  auto const& options = request_.options;
  auto const places = options.places.find(arena.rank);
  auto const place = places == options.places.end() ? std::nullopt : places->second[parameter.index];
  auto const& shard = parameter.kind.view_candidates[group];
  ShardPosition position{.offset_bytes = place ? place->offset_bytes : arena.nbytes};
  if (!shard || (place && !place->has_own_pages)) return position;
  // The offset of a view in its page must equal that in the file.
  auto const in_page = file_offset_of(parameter, *shard) % options.page_bytes;
  if (!place) position.offset_bytes = round_up(position.offset_bytes, options.page_bytes) + in_page;
  position.is_view = position.offset_bytes % options.page_bytes == in_page;
  return position;
}

void ArenaLayout::add_own_shard(CurrentParameter const& parameter, std::uint32_t group, ShardPosition const& position,
                                RankWork& work) const {
  auto const nbytes = parameter.demand().shard_bytes(group);
  work.shards.push_back({.parameter = parameter.index,
                         .dtype = parameter.demand().dtype(),
                         .transposed = parameter.parameter.transposed,
                         .layout = parameter.kind.own_layout,
                         .offset_bytes = position.offset_bytes,
                         .nbytes = nbytes});
  if (!position.is_view) return;
  auto const& shard = *parameter.kind.view_candidates[group];
  work.views.push_back({.file = request_.catalog.extents[parameter.tensor.first_extent + shard.extent].file,
                        .file_offset_bytes = file_offset_of(parameter, shard),
                        .arena_offset_bytes = position.offset_bytes,
                        .nbytes = nbytes});
}

Bytes ArenaLayout::file_offset_of(CurrentParameter const& parameter, ShardInFile const& shard) const {
  return request_.catalog.extents[parameter.tensor.first_extent + shard.extent].offset_bytes + shard.begin_bytes;
}

}  // namespace distload
