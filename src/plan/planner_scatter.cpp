// What one rank of a node reads for all ranks of the node that want it.
#include <algorithm>

#include "plan/planner.hpp"

namespace distload {

bool Planner::can_scatter(Context const& at, std::uint32_t extent, Segment const& segment,
                          SharedRead const& shared) const {
  if (!options_.shows_passing || at.is_cast() || at.parameter.transposed) return false;
  if (shared.readers == 1) return true;
  if (!options_.writes_to_peers) return false;
  return std::ranges::all_of(segment.wants, [&](std::uint32_t index) {
    auto const& want = at.wants_of(extent)[index];
    auto const& layout = at.holders.groups()[want.group].layout;
    Box const local{local_position(layout.pieces[want.piece], want.box.offset), want.box.extent};
    return is_contiguous_in(layout.shape, local);
  });
}

bool Planner::share_a_node(Context const& at, Job const& job) const {
  if (one_node_) return true;
  std::optional<std::uint32_t> node;
  for (auto const index : job.segment.wants) {
    for (auto const rank : ranks_of(at, at.wants_of(job.extent)[index].group)) {
      if (node && *node != node_of(rank)) return false;
      node = node_of(rank);
    }
  }
  return true;
}

void Planner::read_on_each_node(Context const& at, Job const& job, Bytes nbytes, NodeRead const& plan_read) {
  least_loaded_of_node_.clear();
  for (auto const index : job.segment.wants) {
    for (auto const rank : ranks_of(at, at.wants_of(job.extent)[index].group)) {
      auto const node = node_of(rank);
      if (least_loaded_of_node_.size() <= node) least_loaded_of_node_.resize(node + 1);
      auto& best = least_loaded_of_node_[node];
      if (!best || read_bytes_[rank] < read_bytes_[*best]) best = rank;
    }
  }
  for (auto const reader : least_loaded_of_node_) {
    if (!reader) continue;
    read_bytes_[*reader] += nbytes;
    ++plan_.ranks[*reader].requests;
    // What passes by takes no staging; waves of mapped files are short, so that what is verified is still in the cache.
    StagingNeed const need{{&*reader, 1}, std::min(nbytes, scheduler_.slot_limit())};
    plan_read(*reader, options_.files_are_mapped ? scheduler_.place({&need, 1}) : scheduler_.current(*reader));
  }
}

void Planner::plan_scatter_task(Context const& at, Job const& job, Task const& task) {
  auto const nbytes = task.end - task.begin;
  auto const extent = at.tensor.first_extent + job.extent;
  read_on_each_node(at, job, nbytes, [&](std::uint32_t reader, std::uint32_t wave) {
    bool const has_copies = count_scattered(at, job, task, reader);
    if (reader != rank_) return;
    if (has_copies) {
      builder(wave).read_passing(extent, task.begin, nbytes);
      emit_scatter(at, job, task, builder(wave));
    } else {
      builder(wave).read_mapped(extent, task.begin, nbytes, mapped_offset(at, job.extent, task.begin));
    }
  });
}

bool Planner::count_scattered(Context const& at, Job const& job, Task const& task, std::uint32_t reader) {
  bool has_copies = false;
  for (auto const& share : task.shares) {
    auto const group = at.wants_of(job.extent)[share.want].group;
    // Where arenas are there already, each rank knows of its own node alone what is a view.
    if (at.kind.whole[group] && options_.places.empty()) continue;
    for (auto const rank : ranks_of(at, group)) {
      if (node_of(rank) != node_of(reader)) continue;
      has_copies = true;
      if (rank == reader) continue;
      plan_.ranks[reader].sent_bytes += share.nbytes;
      plan_.ranks[rank].received_bytes += share.nbytes;
    }
  }
  return has_copies;
}

void Planner::emit_scatter(Context const& at, Job const& job, Task const& task, WaveBuilder& out) const {
  for (auto const& share : task.shares) {
    auto const& want = at.wants_of(job.extent)[share.want];
    auto const ranks = ranks_of(at, want.group);
    for (auto const& arena : arenas_) {
      if (arena.position.is_view || !std::ranges::binary_search(ranks, arena.rank)) continue;
      for (auto const& copy : copies_from_piece(at, job, task, want, Area::passing, 0, arena.position.offset)) {
        out.scatter(arena.rank, copy);
      }
    }
  }
}

}  // namespace distload
