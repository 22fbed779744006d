// Converts planned shards to described shards.
#include "load/planned_shards.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "partition/fuse.hpp"
#include "partition/placement.hpp"
#include "plan/rank_work.hpp"

namespace distload {
namespace {

/// Appends the parts of a shard that is split into several parameters; they are contiguous and in order.
void append_parts(Shard const& whole, Parameter const& parameter, LoadPlan const& plan, std::vector<Shard>& shards) {
  auto offset = whole.offset_bytes;
  for (auto const& part : split(parameter, whole.global_shape)) {
    auto const placement = placement_of(part.partition, parameter.experts, part.shape, plan.topology);
    auto shard = whole;
    shard.name = part.name;
    shard.global_shape = part.shape;
    shard.partition = part.partition;
    shard.layout =
        shard_layout(placement.partition, part.shape, *placement.part_of(plan.topology, plan.rank), placement.parts);
    shard.shape = shard.layout.shape;
    shard.offset_bytes = offset;
    shard.nbytes = volume(shard.shape) * size_of(shard.dtype);
    offset += shard.nbytes;
    shards.push_back(std::move(shard));
  }
}

/// Swaps the last two axes of a shard that is stored transposed in memory.
void transpose(Shard& shard) {
  shard.shape = with_last_axes_swapped(shard.shape);
  shard.global_shape = with_last_axes_swapped(shard.global_shape);
  auto const axes = shard.shape.size();
  auto const swapped = [&](std::uint32_t axis) {
    return axis + 2 < axes ? axis : static_cast<std::uint32_t>(2 * axes - 3 - axis);
  };
  if (shard.partition.kind != PartitionKind::replicated) shard.partition.axis = swapped(shard.partition.axis);
  shard.layout.shape = shard.shape;
  for (auto& piece : shard.layout.pieces) {
    piece.global.offset = with_last_axes_swapped(piece.global.offset);
    piece.global.extent = with_last_axes_swapped(piece.global.extent);
    piece.local_offset = with_last_axes_swapped(piece.local_offset);
  }
}

}  // namespace

std::vector<Shard> shards_of(OpenedCheckpoint const& checkpoint, LoadPlan const& plan) {
  std::vector<Shard> shards;
  shards.reserve(plan.work->shards.size());
  for (auto const& planned : plan.work->shards) {
    auto const& parameter = checkpoint.layout.parameters[planned.parameter];
    auto const& tensor = checkpoint.catalog.tensors[parameter.tensor];
    Shard shard{tensor.name,         planned.dtype,     planned.layout->shape, tensor.shape,
                parameter.partition, *planned.layout,   parameter.stages,      planned.offset_bytes,
                planned.nbytes,      parameter.experts, parameter.added_once};
    if (planned.transposed) transpose(shard);
    if (parameter.split_names.empty()) {
      shards.push_back(std::move(shard));
    } else {
      append_parts(shard, parameter, plan, shards);
    }
  }
  return shards;
}

void check_same(std::span<Shard const> held, std::vector<Shard> const& planned) {
  auto const text = [](Shard const& shard) {
    return printable(shard.name) + " " + std::string(name_of(shard.dtype)) + " " + to_string(shard.shape);
  };
  for (std::size_t i = 0; i < std::max(held.size(), planned.size()); ++i) {
    if (i >= held.size()) throw ConfigError("the model to reload has no " + text(planned[i]));
    if (i >= planned.size()) throw ConfigError("the checkpoint has no " + text(held[i]) + ", which is to be reloaded");
    auto const& a = held[i];
    auto const& b = planned[i];
    if (a.name == b.name && a.dtype == b.dtype && a.layout == b.layout && a.offset_bytes == b.offset_bytes) continue;
    throw ConfigError("the checkpoint gives " + text(b) + " where the model to reload has " + text(a) +
                      ", or another part of it");
  }
}

std::map<std::string, std::string, std::less<>> aliases_of(OpenedCheckpoint const& checkpoint,
                                                           std::vector<Shard> const& shards) {
  std::map<std::string, std::string, std::less<>> aliases;
  if (checkpoint.layout.aliases.empty()) return aliases;
  std::unordered_set<std::string_view> held;
  for (auto const& shard : shards) held.insert(shard.name);
  for (auto const& alias : checkpoint.layout.aliases) {
    if (held.contains(alias.target)) aliases.emplace(alias.name, alias.target);
  }
  return aliases;
}

}  // namespace distload
