// Plans for files that are mapped: what becomes a view, and what is copied from the pages that a node's ranks share.
#include <algorithm>

#include "plan/planner.hpp"

namespace distload {

std::vector<std::optional<Planner::WholeInFile>> Planner::whole_in_file(Context const& at) const {
  std::vector<std::optional<WholeInFile>> whole(at.holders.groups().size());
  if (at.is_cast() || at.parameter.transposed) return whole;
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

void Planner::make_view(Context& at, WholeInFile const& whole, bool is_placed) {
  auto const page = options_.page_bytes;
  auto const& extent = catalog_.extents[at.tensor.first_extent + whole.extent];
  auto const file_offset = extent.offset_bytes + whole.begin_bytes;
  if (!is_placed) at.arena_offset = round_up(at.arena_offset, page) + file_offset % page;
  if (at.arena_offset % page != file_offset % page) return;
  at.is_view = true;
  auto const nbytes = volume(at.holders.groups()[*at.own_group].layout.shape) * at.element_bytes;
  plan_.views.push_back({extent.file, file_offset, at.arena_offset, nbytes});
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
  if (at.is_view) {
    builder(wave).read_mapped(extent, task.begin, nbytes, mapped_offset(at, job.extent, task.begin));
  } else {
    builder(wave).read_to_arena(extent, task.begin, nbytes, at.arena_offset + *task.shares.front().arena_run);
  }
}

void Planner::plan_mapped_task(Context const& at, Job const& job, Task const& task) {
  auto const node_of = [&](std::uint32_t rank) { return options_.node_of.empty() ? 0 : options_.node_of[rank]; };
  least_loaded_of_node_.clear();
  for (auto const index : job.segment.wants) {
    for (auto const rank : ranks_of(at, at.wants_of(job.extent)[index].group)) {
      auto const node = node_of(rank);
      if (least_loaded_of_node_.size() <= node) least_loaded_of_node_.resize(node + 1);
      auto& best = least_loaded_of_node_[node];
      if (!best || read_bytes_[rank] < read_bytes_[*best]) best = rank;
    }
  }

  auto const nbytes = task.end - task.begin;
  auto const offset = mapped_offset(at, job.extent, task.begin);
  for (auto const reader : least_loaded_of_node_) {
    if (!reader) continue;
    read_bytes_[*reader] += nbytes;
    ++plan_.ranks[*reader].requests;
    StagingNeed const need{{&*reader, 1}, std::min(nbytes, scheduler_.slot_limit())};
    auto const wave = scheduler_.place({&need, 1});
    if (*reader == rank_) builder(wave).read_mapped(at.tensor.first_extent + job.extent, task.begin, nbytes, offset);
    if (at.is_view || !at.own_group || node_of(*reader) != node_of(rank_)) continue;
    for (auto const index : job.segment.wants) {
      auto const& want = at.wants_of(job.extent)[index];
      if (want.group != at.own_group) continue;
      for (auto const& copy : copies_from_piece(at, job, task, want, Area::mapped, offset)) builder(wave).place(copy);
    }
  }
}

}  // namespace distload
