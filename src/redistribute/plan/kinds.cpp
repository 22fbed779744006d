// Finds the holders of each segment.
#include "redistribute/plan/kinds.hpp"

#include <algorithm>

#include "plan/demand/common_boxes.hpp"

namespace distload {
namespace {

Holders holders_of(Side const& side, std::uint32_t index) {
  auto const& parameter = side.parameter(index);
  return {parameter.partition, parameter.experts, parameter.stages.size(), side.tensor_of(index).shape, side.topology};
}

std::vector<SourceSegment> segments_of(Holders const& holders, Shape const& shape) {
  std::vector<SourceSegment> segments;
  if (volume(shape) == 0) return segments;
  for (auto const& box : common_boxes(holders, shape)) {
    SourceSegment segment{.box = box, .local_offsets = {}};
    for (auto const& want : holders.wants_in(box)) {
      auto const& piece = holders.groups()[want.group].layout.pieces[want.piece];
      segment.local_offsets.emplace(want.group, local_position(piece, box.offset));
    }
    if (!segment.local_offsets.empty()) segments.push_back(std::move(segment));
  }
  return segments;
}

}  // namespace

template <>
SourceKind SideKinds<SourceKind>::make(std::uint32_t parameter) const {
  auto holders = holders_of(side_, parameter);
  auto segments = segments_of(holders, side_.tensor_of(parameter).shape);
  return {.holders = std::move(holders), .segments = std::move(segments), .by_stages = {}};
}

template <>
TargetKind SideKinds<TargetKind>::make(std::uint32_t parameter) const {
  return {.holders = holders_of(side_, parameter), .ranks_by_stages = {}};
}

HeldSegments const& SourceKinds::held(std::uint32_t parameter) {
  if (held_.empty()) held_.resize(side_.cut.layout.parameters.size());
  if (held_[parameter] != nullptr) return *held_[parameter];
  auto& kind = of(parameter);
  auto const& stages = side_.parameter(parameter).stages;
  auto const [entry, is_new] = kind.by_stages.try_emplace(stages);
  auto& held = entry->second;
  held_[parameter] = &held;
  if (!is_new) return held;
  for (auto const& segment : kind.segments) {
    auto& holders = held.holders.emplace_back();
    for (auto const& [group, offset] : segment.local_offsets) {
      for (auto const rank : kind.holders.ranks_of(kind.holders.groups()[group], stages)) {
        holders.push_back({.rank = ranks_[rank], .group = group});
      }
    }
    std::ranges::sort(holders, {}, &PartHolder::rank);
  }
  return held;
}

std::vector<std::vector<std::uint32_t>> const& TargetKinds::ranks(std::uint32_t parameter) {
  if (by_parameter_.empty()) by_parameter_.resize(side_.cut.layout.parameters.size());
  if (by_parameter_[parameter] != nullptr) return *by_parameter_[parameter];
  auto& kind = of(parameter);
  auto const& stages = side_.parameter(parameter).stages;
  auto const [entry, is_new] = kind.ranks_by_stages.try_emplace(stages);
  auto& ranks = entry->second;
  by_parameter_[parameter] = &ranks;
  if (!is_new) return ranks;
  for (auto const& group : kind.holders.groups()) {
    auto& members = ranks.emplace_back();
    for (auto const rank : kind.holders.ranks_of(group, stages)) members.push_back(ranks_[rank]);
  }
  return ranks;
}

}  // namespace distload
