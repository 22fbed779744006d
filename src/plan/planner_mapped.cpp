// Plans for files that are mapped: what becomes a view, and what is copied from the pages that a node's ranks share.
#include <algorithm>

#include "plan/planner.hpp"

namespace distload {

std::vector<std::optional<Planner::WholeInFile>> Planner::whole_in_file(Context const& at) const {
  std::vector<std::optional<WholeInFile>> whole(at.holders.groups().size());
  if (!options_.files_are_mapped || at.is_cast() || at.parameter.transposed) return whole;
  auto const extents = catalog_.extents_of(at.tensor);
  for (std::uint32_t extent = 0; extent < extents.size(); ++extent) {
    for (auto const& want : at.wants_of(extent)) {
      auto const& shape = at.holders.groups()[want.group].layout.shape;
      auto const range = covering_range(extents[extent], want.box, at.element_bytes);
      bool const is_whole_shard = want.box.extent == shape;
      bool const is_one_range = range.end - range.begin == volume(want.box) * at.element_bytes;
      if (is_whole_shard && is_one_range && range.end - range.begin >= options_.least_view_bytes)
        whole[want.group] = {extent, range.begin};
    }
  }
  return whole;
}

Bytes Planner::file_offset_of(Context const& at, WholeInFile const& whole) const {
  return catalog_.extents[at.tensor.first_extent + whole.extent].offset_bytes + whole.begin_bytes;
}

bool Planner::can_scatter(Context const& at, std::uint32_t extent, Segment const& segment,
                          SharedRead const& shared) const {
  if (at.is_cast() || at.parameter.transposed) return false;
  if (shared.readers == 1) return true;
  if (!plan_.writes_to_peers) return false;
  return std::ranges::all_of(segment.wants, [&](std::uint32_t index) {
    auto const& want = at.wants_of(extent)[index];
    auto const& layout = at.holders.groups()[want.group].layout;
    Box const local{local_position(layout.pieces[want.piece], want.box.offset), want.box.extent};
    return is_contiguous_in(layout.shape, local);
  });
}

Bytes Planner::mapped_offset(Context const& at, std::uint32_t extent, Bytes begin) const {
  auto const& stored = catalog_.extents[at.tensor.first_extent + extent];
  return mapped_offsets_[stored.file] + stored.offset_bytes + begin;
}

void Planner::plan_read_or_view(Context const& at, Job const& job, Task const& task) {
  auto const reader = ranks_of(at, job.alone->group)[job.alone->number];
  auto const nbytes = task.end - task.begin;
  read_bytes_[reader] += nbytes;
  ++plan_.ranks[reader].requests;
  auto const wave = scheduler_.current(reader);
  if (reader != rank_) return;
  auto const extent = at.tensor.first_extent + job.extent;
  if (at.own.is_view) {
    builder(wave).read_mapped(extent, task.begin, nbytes, mapped_offset(at, job.extent, task.begin));
  } else {
    builder(wave).read_to_arena(extent, task.begin, nbytes, at.own.offset + *task.shares.front().arena_run);
  }
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
    StagingNeed const need{{&*reader, 1}, std::min(nbytes, scheduler_.slot_limit())};
    plan_read(*reader, scheduler_.place({&need, 1}));
  }
}

void Planner::plan_mapped_task(Context const& at, Job const& job, Task const& task) {
  auto const nbytes = task.end - task.begin;
  auto const offset = mapped_offset(at, job.extent, task.begin);
  read_on_each_node(at, job, nbytes, [&](std::uint32_t reader, std::uint32_t wave) {
    if (reader == rank_) builder(wave).read_mapped(at.tensor.first_extent + job.extent, task.begin, nbytes, offset);
    if (at.own.is_view || !at.own_group || node_of(reader) != node_of(rank_)) return;
    for (auto const index : job.segment.wants) {
      auto const& want = at.wants_of(job.extent)[index];
      if (want.group != at.own_group) continue;
      for (auto const& copy : copies_from_piece(at, job, task, want, Area::mapped, offset, at.own.offset)) {
        builder(wave).place(copy);
      }
    }
  });
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
