// A single-process interpreter of redistribution plans.
#include "redistribution_simulation.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include "partition/placement.hpp"
#include "plan/demand/holders.hpp"

namespace distload::testing {
namespace {

/// A value of `element_bytes` bytes for one element of one stored tensor. That of fewer bytes is the end of that of
/// more, as little-endian numbers lose their lower bytes in a cast.
void write_element(std::uint32_t tensor, std::uint64_t index, std::byte* out, Bytes element_bytes) {
  auto const value = (index + 1) * 0x9E3779B97F4A7C15ULL + tensor * 0x2545F4914F6CDD1DULL;
  std::memcpy(out, reinterpret_cast<std::byte const*>(&value) + (8 - element_bytes), element_bytes);
}

template <class Visit>
void for_each_position(Box const& box, Visit const& visit) {
  for (std::uint64_t i = 0; i < volume(box); ++i) {
    auto position = box.offset;
    auto rest = i;
    for (std::size_t axis = box.extent.size(); axis-- > 0;) {
      position[axis] += rest % box.extent[axis];
      rest /= box.extent[axis];
    }
    visit(position);
  }
}

std::optional<ShardLayout> layout_on(Side const& side, std::uint32_t parameter_index, std::uint32_t rank) {
  auto const& parameter = side.parameter(parameter_index);
  auto const& shape = side.tensor_of(parameter_index).shape;
  auto const stage = coordinates_of(side.topology, rank).pipeline;
  if (std::ranges::find(parameter.stages, stage) == parameter.stages.end()) return std::nullopt;
  auto const placement = placement_of(parameter.partition, parameter.experts, shape, side.topology);
  auto const part = placement.part_of(side.topology, rank);
  if (!part) return std::nullopt;
  return shard_layout(placement.partition, shape, *part, placement.parts);
}

/// Calls `visit(stored tensor, index in it, offset in the shard)` for every element of a shard that is not padding.
template <class Visit>
void for_each_element(Side const& side, std::uint32_t parameter_index, ShardLayout const& layout, Visit const& visit) {
  auto const& tensor = side.tensor_of(parameter_index);
  auto const& parameter = side.parameter(parameter_index);
  auto const element_bytes = size_of(side.dtype_of(parameter_index));
  for (auto const& piece : layout.pieces) {
    for (auto extent = tensor.first_extent; extent < tensor.first_extent + tensor.extent_count; ++extent) {
      auto const& box = side.cut.catalog.extents[extent].box;
      auto const common = intersection(piece.global, box);
      if (!common) continue;
      for_each_position(*common, [&](Dims const& position) {
        auto in_tensor = position;
        for (std::size_t axis = 0; axis < position.size(); ++axis) in_tensor[axis] -= box.offset[axis];
        auto const local = local_position(piece, position);
        auto const at = parameter.transposed
                            ? linear_index(with_last_axes_swapped(layout.shape), with_last_axes_swapped(local))
                            : linear_index(layout.shape, local);
        visit(side.stored[extent], linear_index(box.extent, in_tensor), at * element_bytes);
      });
    }
  }
}

/// The memory of a rank.
struct RankMemory {
  std::vector<std::byte> source;
  std::vector<std::byte> arena;
  std::vector<std::byte> staging;
  ShardOffsets source_offsets;
  Bytes source_shards = 0;

  std::vector<std::byte>& at(Area area) {
    return area == Area::source ? source : area == Area::arena ? arena : staging;
  }
};

void cast_on_host(StridedCopy const& copy, Cast const& cast, std::byte const* source, std::byte* destination) {
  auto const from = size_of(cast.from);
  auto const to = size_of(cast.to);
  for_each_run(copy, [&](Bytes, Bytes) {});
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

void copy_planned(PlannedCopy const& planned, RankMemory& memory) {
  auto const* const source = memory.at(planned.source).data();
  auto* const destination = memory.at(planned.destination).data();
  if (planned.cast) {
    cast_on_host(planned.copy, *planned.cast, source, destination);
  } else {
    copy_on_host(planned.copy, source, destination);
  }
}

RankMemory make_source(Scenario const& scenario, std::uint32_t rank) {
  RankMemory memory;
  auto const& side = scenario.source;
  auto const held = std::ranges::find(scenario.source_ranks, rank);
  if (held == scenario.source_ranks.end()) return memory;
  auto const number = static_cast<std::uint32_t>(held - scenario.source_ranks.begin());
  for (std::uint32_t index = 0; index < side.cut.layout.parameters.size(); ++index) {
    auto const layout = layout_on(side, index, number);
    memory.source_offsets.push_back(layout ? std::optional<Bytes>(memory.source.size()) : std::nullopt);
    if (!layout) continue;
    auto const begin = memory.source.size();
    auto const nbytes = volume(layout->shape) * size_of(side.dtype_of(index));
    memory.source.resize(round_up(begin + nbytes, kShardAlignment));
    memory.source_shards += nbytes;
    for_each_element(side, index, *layout, [&](std::uint32_t tensor, std::uint64_t element, Bytes offset) {
      write_element(tensor, element, memory.source.data() + begin + offset, size_of(side.dtype_of(index)));
    });
  }
  return memory;
}

/// Elements that a rank's target has and its source has not.
Bytes needed_by(Scenario const& scenario, std::uint32_t rank) {
  std::map<std::uint32_t, std::vector<bool>> held;
  auto const number_in = [&](std::vector<std::uint32_t> const& ranks) -> std::optional<std::uint32_t> {
    auto const found = std::ranges::find(ranks, rank);
    if (found == ranks.end()) return std::nullopt;
    return static_cast<std::uint32_t>(found - ranks.begin());
  };
  auto const visit = [&](Side const& side, std::optional<std::uint32_t> number, auto const& action) {
    if (!number) return;
    for (std::uint32_t index = 0; index < side.cut.layout.parameters.size(); ++index) {
      if (auto const layout = layout_on(side, index, *number)) {
        for_each_element(side, index, *layout, [&](std::uint32_t tensor, std::uint64_t element, Bytes) {
          auto& elements = held[tensor];
          if (elements.size() <= element) elements.resize(element + 1);
          action(index, elements, element);
        });
      }
    }
  };
  visit(scenario.source, number_in(scenario.source_ranks),
        [](std::uint32_t, std::vector<bool>& elements, std::uint64_t element) { elements[element] = true; });
  Bytes needed = 0;
  auto const source_bytes = size_of(scenario.source.dtype_of(0));
  visit(scenario.target, number_in(scenario.target_ranks),
        [&](std::uint32_t index, std::vector<bool>& elements, std::uint64_t element) {
          if (!elements[element]) needed += std::min(source_bytes, size_of(scenario.target.dtype_of(index)));
        });
  return needed;
}

void exchange(std::vector<RedistributePlan> const& plans, std::size_t wave, std::vector<RankMemory>& memory,
              std::vector<std::string>& faults) {
  // Messages between two ranks are matched in the order of each side's list.
  std::map<std::pair<std::size_t, std::size_t>, std::vector<PlannedMessage>> sent;
  for (std::size_t rank = 0; rank < plans.size(); ++rank) {
    for (auto const& message : plans[rank].waves[wave].moves.sends) sent[{rank, message.peer}].push_back(message);
  }
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> taken;
  for (std::size_t rank = 0; rank < plans.size(); ++rank) {
    for (auto const& message : plans[rank].waves[wave].moves.receives) {
      auto const& from = sent[{message.peer, rank}];
      auto const index = taken[{message.peer, rank}]++;
      if (index >= from.size() || from[index].nbytes != message.nbytes) {
        faults.emplace_back("a receive without its send");
        continue;
      }
      std::memcpy(memory[rank].at(message.area).data() + message.offset_bytes,
                  memory[message.peer].at(from[index].area).data() + from[index].offset_bytes, message.nbytes);
    }
  }
  for (auto const& [pair, messages] : sent) {
    if (taken[pair] != messages.size()) faults.emplace_back("a send without its receive");
  }
}

/// Both ends of every check find the same bytes.
void compare_checks(std::vector<RedistributePlan> const& plans, std::size_t wave, std::vector<RankMemory>& memory,
                    std::vector<std::string>& faults) {
  std::map<std::pair<std::size_t, std::size_t>, std::vector<std::vector<std::byte>>> sent;
  auto const packed = [&](PlannedCheck const& check, RankMemory& of) {
    of.staging.assign(check.nbytes, std::byte{0});
    copy_planned(check.copy, of);
    return of.staging;
  };
  for (std::size_t rank = 0; rank < plans.size(); ++rank) {
    for (auto const& check : plans[rank].waves[wave].sent) {
      sent[{rank, check.peer}].push_back(packed(check, memory[rank]));
    }
  }
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> taken;
  for (std::size_t rank = 0; rank < plans.size(); ++rank) {
    for (auto const& check : plans[rank].waves[wave].received) {
      auto const& from = sent[{check.peer, rank}];
      auto const index = taken[{check.peer, rank}]++;
      if (index >= from.size() || from[index] != packed(check, memory[rank])) {
        faults.emplace_back("a check that differs from that of the other end");
      }
    }
  }
}

void release(std::span<ByteRange const> ranges, RankMemory& memory, std::vector<std::string>& faults) {
  for (auto const& range : ranges) {
    if (range.end > memory.source.size()) {
      faults.emplace_back("freed bytes behind the source");
      continue;
    }
    std::fill(memory.source.begin() + static_cast<std::ptrdiff_t>(range.begin),
              memory.source.begin() + static_cast<std::ptrdiff_t>(range.end), std::byte{0xDD});
  }
}

void check_target(Scenario const& scenario, std::uint32_t rank, RedistributePlan const& plan, RankMemory& memory,
                  std::vector<std::string>& faults) {
  auto const& side = scenario.target;
  auto const found = std::ranges::find(scenario.target_ranks, rank);
  if (found == scenario.target_ranks.end()) {
    if (!plan.shards.empty()) faults.emplace_back("shards on a rank that gets none");
    return;
  }
  auto const number = static_cast<std::uint32_t>(found - scenario.target_ranks.begin());
  std::size_t next = 0;
  for (std::uint32_t index = 0; index < side.cut.layout.parameters.size(); ++index) {
    auto const layout = layout_on(side, index, number);
    if (!layout) continue;
    if (next >= plan.shards.size() || plan.shards[next].parameter != index) {
      faults.emplace_back("a shard is missing");
      return;
    }
    auto const& shard = plan.shards[next];
    std::vector<std::byte> expected(shard.nbytes);
    auto const element_bytes = size_of(shard.dtype);
    for_each_element(side, index, *layout, [&](std::uint32_t tensor, std::uint64_t element, Bytes offset) {
      write_element(tensor, element, expected.data() + offset, element_bytes);
    });
    auto const& bytes = plan.is_shared[next] ? memory.source : memory.arena;
    if (std::memcmp(bytes.data() + shard.offset_bytes, expected.data(), expected.size()) != 0) {
      faults.push_back(side.tensor_of(index).name + " is wrong on rank " + std::to_string(rank));
    }
    ++next;
  }
  if (next != plan.shards.size()) faults.emplace_back("too many shards");
}

}  // namespace

std::uint32_t Scenario::ranks() const {
  return std::max(*std::ranges::max_element(source_ranks), *std::ranges::max_element(target_ranks)) + 1;
}

Outcome simulate(Scenario const& scenario) {
  Outcome outcome;
  auto& [plans, faults, needed] = outcome;
  std::vector<RankMemory> memory;
  std::map<std::uint32_t, ShardOffsets> sources;
  for (std::uint32_t rank = 0; rank < scenario.ranks(); ++rank) {
    memory.push_back(make_source(scenario, rank));
    sources.emplace(rank, memory.back().source_offsets);
  }
  for (std::uint32_t rank = 0; rank < scenario.ranks(); ++rank) {
    plans.push_back(make_redistribute_plan({.source = scenario.source,
                                            .target = scenario.target,
                                            .source_ranks = scenario.source_ranks,
                                            .target_ranks = scenario.target_ranks,
                                            .ranks = scenario.ranks(),
                                            .rank = rank,
                                            .node_of = scenario.node_of,
                                            .own_source = memory[rank].source_offsets,
                                            .peer_sources = sources,
                                            .existing = {},
                                            .is_in_place = {},
                                            .options = scenario.options}));
    needed += needed_by(scenario, rank);
    memory[rank].arena.resize(plans[rank].arena_bytes);
    if (scenario.options.frees_source) release(plans[rank].unused, memory[rank], faults);
  }
  for (std::size_t wave = 0; wave < plans.front().waves.size(); ++wave) {
    for (std::uint32_t rank = 0; rank < plans.size(); ++rank) {
      if (plans[rank].waves.size() != plans.front().waves.size()) {
        faults.emplace_back("ranks have different numbers of waves");
        return outcome;
      }
      auto const& moves = plans[rank].waves[wave].moves;
      if (moves.staging_bytes > plans[rank].ranks[rank].staging_bytes) faults.emplace_back("more staging than planned");
      memory[rank].staging.assign(moves.staging_bytes, std::byte{0xEE});
      for (auto const planned : moves.packs) copy_planned(planned, memory[rank]);
    }
    exchange(plans, wave, memory, faults);
    for (std::uint32_t rank = 0; rank < plans.size(); ++rank) {
      for (auto const& copy : plans[rank].waves[wave].peer_copies) {
        copy_on_host(copy.copy, memory[copy.rank].source.data(), memory[rank].arena.data());
      }
      for (auto const planned : plans[rank].waves[wave].moves.places) copy_planned(planned, memory[rank]);
    }
    compare_checks(plans, wave, memory, faults);
    for (std::uint32_t rank = 0; rank < plans.size(); ++rank)
      release(plans[rank].waves[wave].released, memory[rank], faults);
  }
  for (std::uint32_t rank = 0; rank < plans.size(); ++rank)
    check_target(scenario, rank, plans[rank], memory[rank], faults);
  return outcome;
}

}  // namespace distload::testing
