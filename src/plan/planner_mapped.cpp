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

}  // namespace distload
