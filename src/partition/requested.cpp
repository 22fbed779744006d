// Stacks tensors, and translates boxes.
#include "partition/requested.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <distload/base/error.hpp>

#include "base/text.hpp"

namespace distload {
namespace {

/// With axes of size `value` before its own, so that there are `axes`.
Dims with_axes(Dims const& dims, std::size_t axes, std::uint64_t value) {
  auto result = Dims::filled(axes - dims.size(), value);
  for (auto const size : dims) result.push_back(size);
  return result;
}

/// Where a stored tensor lies in the tensor of a parameter.
struct Stacked {
  TensorInfo const* tensor = nullptr;
  std::uint64_t begin = 0;  ///< along the outermost axis
};

/// All that ranks want under one name.
struct Wanted {
  std::size_t axes = 0;
  std::map<std::string_view, Stacked> tensors;
  std::vector<std::pair<std::uint32_t, ShardRequest const*>> shards;  ///< with the rank
};

[[noreturn]] void refuse(std::uint32_t rank, ShardRequest const& shard, std::string const& why) {
  throw ConfigError("rank " + std::to_string(rank) + " asks for a shard " + printable(shard.name) + " " +
                    to_string(shard.shape) + ": " + why);
}

void check_parts(std::uint32_t rank, ShardRequest const& shard, Wanted const& wanted) {
  std::vector<Box> places;
  for (auto const& part : shard.parts) {
    auto const& tensor = *wanted.tensors.find(part.tensor)->second.tensor;
    auto const text = printable(part.tensor) + " " + to_string(part.box);
    if (part.box.offset.size() != tensor.shape.size() || part.box.extent.size() != tensor.shape.size() ||
        !contains(whole(tensor.shape), part.box)) {
      refuse(rank, shard, text + " is no part of the tensor, whose shape is " + to_string(tensor.shape));
    }
    Box const place{with_axes(part.offset, wanted.axes, 0), with_axes(part.box.extent, wanted.axes, 1)};
    if (part.offset.size() != shard.shape.size() || !contains(whole(with_axes(shard.shape, wanted.axes, 1)), place)) {
      refuse(rank, shard, text + " at " + to_string(part.offset) + " is not in the shard");
    }
    for (auto const& other : places) {
      if (intersection(other, place)) refuse(rank, shard, "its parts overlap at " + to_string(place));
    }
    if (volume(place) > 0) places.push_back(place);
    auto const& first = *wanted.tensors.begin()->second.tensor;
    if (tensor.dtype != first.dtype) {
      refuse(rank, shard,
             printable(tensor.name) + " is " + std::string(name_of(tensor.dtype)) + ", but " + printable(first.name) +
                 " is " + std::string(name_of(first.dtype)));
    }
  }
}

std::map<std::string_view, Wanted> by_name(Catalog const& stored, std::span<std::vector<ShardRequest> const> by_rank) {
  std::map<std::string_view, Wanted> all;
  for (std::uint32_t rank = 0; rank < by_rank.size(); ++rank) {
    for (auto const& shard : by_rank[rank]) {
      if (shard.parts.empty()) refuse(rank, shard, "it has no parts");
      auto& wanted = all[shard.name];
      if (!wanted.shards.empty() && wanted.shards.back().first == rank) refuse(rank, shard, "for the second time");
      wanted.shards.emplace_back(rank, &shard);
      wanted.axes = std::max(wanted.axes, shard.shape.size());
      for (auto const& part : shard.parts) {
        auto const* const tensor = stored.find(part.tensor);
        if (tensor == nullptr) refuse(rank, shard, "the checkpoint has no tensor " + printable(part.tensor));
        wanted.axes = std::max(wanted.axes, tensor->shape.size());
        wanted.tensors[tensor->name].tensor = tensor;
      }
    }
  }
  return all;
}

/// The shape of the tensors of `wanted`, one after the other, and sets where each begins.
Shape stack(Wanted& wanted) {
  auto shape = Dims::filled(wanted.axes, 0);
  std::uint64_t begin = 0;
  for (auto& [name, stacked] : wanted.tensors) {
    auto const own = with_axes(stacked.tensor->shape, wanted.axes, 1);
    stacked.begin = begin;
    for (std::size_t axis = 0; axis < wanted.axes; ++axis) shape[axis] = std::max(shape[axis], own[axis]);
    begin += wanted.axes == 0 ? 1 : own[0];
  }
  if (wanted.axes > 0) shape[0] = begin;
  return shape;
}

ShardLayout layout_of(ShardRequest const& shard, Wanted const& wanted) {
  ShardLayout layout{.shape = with_axes(shard.shape, wanted.axes, 1), .pieces = {}};
  for (auto const& part : shard.parts) {
    if (volume(part.box) == 0) continue;
    Piece piece{.global = {with_axes(part.box.offset, wanted.axes, 0), with_axes(part.box.extent, wanted.axes, 1)},
                .local_offset = with_axes(part.offset, wanted.axes, 0)};
    if (wanted.axes > 0) piece.global.offset[0] += wanted.tensors.find(part.tensor)->second.begin;
    layout.pieces.push_back(piece);
  }
  return layout;
}

}  // namespace

FusedCheckpoint requested(Catalog const& stored, std::span<std::vector<ShardRequest> const> by_rank) {
  FusedCheckpoint result;
  result.catalog = stored;
  result.catalog.tensors.clear();
  result.catalog.extents.clear();
  result.layout.family = "requested";
  for (auto& [name, wanted] : by_name(stored, by_rank)) {
    for (auto const& [rank, shard] : wanted.shards) check_parts(rank, *shard, wanted);
    auto tensor = *wanted.tensors.begin()->second.tensor;
    auto const index = static_cast<std::uint32_t>(result.catalog.tensors.size());
    tensor.name = name;
    tensor.shape = stack(wanted);
    tensor.first_extent = static_cast<std::uint32_t>(result.catalog.extents.size());
    for (auto const& [of, stacked] : wanted.tensors) {
      for (std::uint32_t i = 0; i < stacked.tensor->extent_count; ++i) {
        auto extent = stored.extents[stacked.tensor->first_extent + i];
        extent.tensor = index;
        extent.box = {with_axes(extent.box.offset, wanted.axes, 0), with_axes(extent.box.extent, wanted.axes, 1)};
        if (wanted.axes > 0) extent.box.offset[0] += stacked.begin;
        result.catalog.extents.push_back(extent);
        result.stored_extents.push_back(stacked.tensor->first_extent + i);
      }
    }
    tensor.extent_count = static_cast<std::uint32_t>(result.catalog.extents.size()) - tensor.first_extent;
    result.catalog.tensors.push_back(std::move(tensor));

    auto layouts = std::make_shared<RankLayouts>();
    layouts->of_rank.resize(by_rank.size());
    for (auto const& [rank, shard] : wanted.shards) layouts->of_rank[rank] = layout_of(*shard, wanted);
    result.layout.parameters.push_back(
        {.tensor = index, .partition = {}, .stages = {0}, .rule = "requested", .layouts = std::move(layouts)});
  }
  return result;
}

}  // namespace distload
