// A single-process interpreter of load plans.
#include "plan_simulation.hpp"

#include <algorithm>
#include <cstring>
#include <map>

#include "checkpoint/mapped_offsets.hpp"

namespace distload::testing {
namespace {

/// A value of `element_bytes` bytes for one element of one tensor.
void write_element(std::uint32_t tensor, std::uint64_t index, std::byte* out, Bytes element_bytes) {
  auto const value = (index + 1) * 0x9E3779B97F4A7C15ULL + tensor * 0x2545F4914F6CDD1DULL;
  std::memcpy(out, reinterpret_cast<std::byte const*>(&value) + (8 - element_bytes), element_bytes);
}

/// Calls `visit` for every position in `box`, in row-major order.
template <class Visit>
void for_each_position(Box const& box, Visit visit) {
  auto const count = volume(box);
  for (std::uint64_t i = 0; i < count; ++i) {
    auto position = box.offset;
    auto rest = i;
    for (std::size_t axis = box.extent.size(); axis-- > 0;) {
      position[axis] += rest % box.extent[axis];
      rest /= box.extent[axis];
    }
    visit(position);
  }
}

struct RankMemory {
  std::vector<std::byte> arena;
  std::vector<std::byte> staging;
  std::byte* mapped = nullptr;  ///< all files
  std::byte* at(Area area, Bytes offset) {
    return (area == Area::mapped ? mapped : area == Area::arena ? arena.data() : staging.data()) + offset;
  }
};

/// The files, as they lie mapped.
std::vector<std::byte> make_files(Catalog const& catalog, std::vector<std::vector<std::byte>> const& storage) {
  auto const offsets = mapped_offsets(catalog);
  std::vector<std::byte> files(offsets.back());
  for (std::size_t i = 0; i < storage.size(); ++i) {
    auto const& extent = catalog.extents[i];
    std::ranges::copy(storage[i],
                      files.begin() + static_cast<std::ptrdiff_t>(offsets[extent.file] + extent.offset_bytes));
  }
  return files;
}

/// Every byte of `memory` that a view shows, to be written once.
void show_views(LoadPlan const& plan, std::vector<Bytes> const& offsets, RankMemory& memory,
                std::vector<std::string>& faults) {
  for (auto const& view : plan.work->views) {
    if (view.arena_offset_bytes + view.nbytes > memory.arena.size()) faults.push_back("a view leaves the arena");
    std::memcpy(memory.arena.data() + view.arena_offset_bytes,
                memory.mapped + offsets[view.file] + view.file_offset_bytes, view.nbytes);
  }
}

void check_read(Catalog const& catalog, PlannedRead const& read, std::vector<std::string>& faults) {
  auto const& extent = catalog.extents[read.extent];
  auto const end = read.begin_bytes + read.nbytes;
  if (end > extent.nbytes) faults.push_back("a read ends behind its extent");
  if (!extent.has_checksums()) return;
  if (read.begin_bytes % catalog.block_bytes != 0) faults.push_back("a read begins inside a block");
  if (end % catalog.block_bytes != 0 && end != extent.nbytes) faults.push_back("a read ends inside a block");
}

/// Stands for a cast to a smaller type: keeps the upper bytes, so that a value is what `write_element` makes of that
/// size.
void cast_on_host(StridedCopy const& copy, Cast const& cast, std::byte const* source, std::byte* destination) {
  auto const from = size_of(cast.from);
  auto const to = size_of(cast.to);
  for (std::uint64_t run = 0; run < copy.runs(); ++run) {
    auto const* in = source + copy.source_offset;
    auto* out = destination + copy.destination_offset;
    auto rest = run;
    for (std::size_t i = copy.loop_count; i-- > 0;) {
      in += rest % copy.loops[i].count * copy.loops[i].source_stride;
      out += rest % copy.loops[i].count * copy.loops[i].destination_stride;
      rest /= copy.loops[i].count;
    }
    for (Bytes at = 0; at < copy.run_bytes; at += from, in += from, out += to) std::memcpy(out, in + (from - to), to);
  }
}

void copy_one(PlannedCopy const& planned, std::byte const* source, std::byte* destination) {
  if (planned.cast) {
    cast_on_host(planned.copy, *planned.cast, source, destination);
  } else {
    copy_on_host(planned.copy, source, destination);
  }
}

void copy_all(PlannedCopies const& copies, RankMemory& memory) {
  for (auto const planned : copies) copy_one(planned, memory.at(planned.source, 0), memory.at(planned.destination, 0));
}

}  // namespace

std::vector<std::vector<std::byte>> make_storage(Catalog const& catalog) {
  std::vector<std::vector<std::byte>> storage;
  for (auto const& extent : catalog.extents) {
    auto const& tensor = catalog.tensors[extent.tensor];
    auto const element_bytes = size_of(tensor.dtype);
    std::vector<std::byte> bytes(extent.nbytes);
    auto* out = bytes.data();
    for_each_position(extent.box, [&](Dims const& position) {
      write_element(extent.tensor, linear_index(tensor.shape, position), out, element_bytes);
      out += element_bytes;
    });
    storage.push_back(std::move(bytes));
  }
  return storage;
}

std::vector<std::vector<std::byte>> simulate(Catalog const& catalog, std::vector<LoadPlan> const& plans,
                                             std::vector<std::vector<std::byte>> const& storage, Bytes staging_bytes,
                                             std::vector<std::string>& faults) {
  std::vector<RankMemory> memory(plans.size());
  bool const is_mapped = std::ranges::any_of(plans,
                                             [](LoadPlan const& plan) {
                                               return std::ranges::any_of(plan.work->waves, [](Wave const& wave) {
                                                 return std::ranges::any_of(wave.reads, [](PlannedRead const& read) {
                                                   return read.area == Area::mapped;
                                                 });
                                               });
                                             }) ||
                         std::ranges::any_of(plans, [](LoadPlan const& plan) { return !plan.work->views.empty(); });
  auto files = is_mapped ? make_files(catalog, storage) : std::vector<std::byte>{};
  for (std::size_t rank = 0; rank < plans.size(); ++rank) {
    memory[rank].arena.resize(plans[rank].arena_bytes);
    if (!is_mapped) continue;
    memory[rank].mapped = files.data();
    show_views(plans[rank], mapped_offsets(catalog), memory[rank], faults);
  }

  for (std::size_t wave = 0; wave < plans.front().work->waves.size(); ++wave) {
    for (std::size_t rank = 0; rank < plans.size(); ++rank) {
      auto const& part = plans[rank].work->waves[wave];
      if (part.staging_bytes > staging_bytes) faults.push_back("a slot is larger than staging allows");
      if (part.staging_bytes > plans[rank].slot_bytes) faults.push_back("a slot is larger than the plan says");
      memory[rank].staging.assign(part.staging_bytes, std::byte{0xEE});
      for (auto const& read : part.reads) {
        check_read(catalog, read, faults);
        if (read.area == Area::passing) continue;
        if (read.area == Area::mapped) {
          if (std::memcmp(memory[rank].mapped + read.offset_bytes, storage[read.extent].data() + read.begin_bytes,
                          read.nbytes) != 0)
            faults.push_back("what is verified is not what was asked for");
          continue;
        }
        std::memcpy(memory[rank].at(read.area, read.offset_bytes), storage[read.extent].data() + read.begin_bytes,
                    read.nbytes);
      }
      copy_all(part.packs, memory[rank]);
    }
    // Messages between two ranks are matched in the order of each side's list.
    std::map<std::pair<std::size_t, std::size_t>, std::vector<PlannedMessage>> sent;
    for (std::size_t rank = 0; rank < plans.size(); ++rank) {
      for (auto const& message : plans[rank].work->waves[wave].sends) sent[{rank, message.peer}].push_back(message);
    }
    std::map<std::pair<std::size_t, std::size_t>, std::size_t> taken;
    for (std::size_t rank = 0; rank < plans.size(); ++rank) {
      for (auto const& message : plans[rank].work->waves[wave].receives) {
        auto const& from = sent[{message.peer, rank}];
        auto const index = taken[{message.peer, rank}]++;
        if (index >= from.size() || from[index].nbytes != message.nbytes) {
          faults.push_back("a receive without its send");
          continue;
        }
        std::memcpy(memory[rank].at(message.area, message.offset_bytes),
                    memory[message.peer].at(from[index].area, from[index].offset_bytes), message.nbytes);
      }
    }
    for (auto const& [pair, messages] : sent) {
      if (taken[pair] != messages.size()) faults.push_back("a send without its receive");
    }
    for (std::size_t rank = 0; rank < plans.size(); ++rank) {
      auto const& part = plans[rank].work->waves[wave];
      copy_all(part.places, memory[rank]);
      std::size_t number = 0;
      for (auto const place : part.peer_places) {
        if (place.destination != Area::arena) faults.push_back("a place that is not an arena");
        copy_one(place, memory[rank].at(place.source, 0), memory[part.peer_place_ranks[number++]].arena.data());
      }
      number = 0;
      for (auto const scatter : part.scatters) {
        auto const& target = part.scatter_targets[number++];
        auto const& read = part.reads[target.read];
        if (scatter.source != Area::passing || read.area != Area::passing || scatter.cast)
          faults.push_back("a scatter of something else");
        copy_on_host(scatter.copy, storage[read.extent].data() + read.begin_bytes, memory[target.rank].arena.data());
      }
    }
  }
  std::vector<std::vector<std::byte>> arenas;
  for (auto& rank : memory) arenas.push_back(std::move(rank.arena));
  return arenas;
}

std::vector<std::byte> expected_shard(Catalog const& catalog, Parameter const& parameter, PlannedShard const& shard) {
  auto const& tensor = catalog.tensors[parameter.tensor];
  auto const element_bytes = size_of(shard.dtype);
  std::vector<std::byte> bytes(shard.nbytes);
  for (auto const& piece : shard.layout->pieces) {
    for_each_position(piece.global, [&](Dims const& position) {
      auto local = piece.local_offset;
      for (std::size_t axis = 0; axis < local.size(); ++axis) local[axis] += position[axis] - piece.global.offset[axis];
      auto const at = shard.transposed
                          ? linear_index(with_last_axes_swapped(shard.layout->shape), with_last_axes_swapped(local))
                          : linear_index(shard.layout->shape, local);
      write_element(parameter.tensor, linear_index(tensor.shape, position), bytes.data() + at * element_bytes,
                    element_bytes);
    });
  }
  return bytes;
}

}  // namespace distload::testing
