// Classes by the ranks that give and get.
#include "redistribute/plan/piece_order.hpp"

#include <algorithm>
#include <limits>

#include "plan/demand/common_boxes.hpp"

namespace distload {
namespace {

constexpr auto kNoGroup = std::numeric_limits<std::uint32_t>::max();

/// Stages and expert group of a parameter on both sides.
using ClassKey = std::tuple<std::vector<std::uint32_t>, std::uint32_t, std::vector<std::uint32_t>, std::uint32_t>;

std::uint32_t expert_group_of(Parameter const& parameter) {
  return parameter.experts ? parameter.experts->group.value_or(kNoGroup) : kNoGroup;
}

ClassKey class_of(Side const& source, Side const& target, std::uint32_t index) {
  auto const& parameter = source.parameter(index);
  auto const stored = source.stored[source.tensor_of(index).first_extent];
  ClassKey key{parameter.stages, expert_group_of(parameter), {}, kNoGroup};
  if (auto const place = target.place_of[stored]) {
    auto const& to = target.parameter(place->parameter);
    std::get<2>(key) = to.stages;
    std::get<3>(key) = expert_group_of(to);
  }
  return key;
}

/// The axis along which bands follow each other.
std::size_t outermost_axis(Parameter const& parameter, std::size_t axes) {
  return parameter.transposed && axes == 2 ? 1 : 0;
}

/// Adds where a target's shards of a stored tensor begin and end, to the positions along the outermost axis of the
/// source's parameter. `origin`: of the tensor along that axis.
void add_cuts(TargetKind const& kind, Shape const& shape, std::size_t axis, std::uint64_t begin_in_target,
              std::uint64_t origin, std::vector<std::uint64_t>& cuts) {
  if (kind.holders.axis() != axis) return;
  for (auto const& box : common_boxes(kind.holders, shape)) {
    for (auto const position : {box.offset[axis], box.offset[axis] + box.extent[axis]}) {
      if (position >= begin_in_target) cuts.push_back(position - begin_in_target + origin);
    }
  }
}

/// Positions along the outermost axis of a source's parameter at which its bytes may change their receivers.
std::vector<std::uint64_t> cuts_of(Side const& source, std::uint32_t parameter, Side const& target,
                                   TargetKinds& target_kinds) {
  auto const& tensor = source.tensor_of(parameter);
  std::vector<std::uint64_t> cuts;
  if (tensor.shape.empty()) return cuts;
  auto const axis = outermost_axis(source.parameter(parameter), tensor.shape.size());
  for (auto extent = tensor.first_extent; extent < tensor.first_extent + tensor.extent_count; ++extent) {
    auto const place = target.place_of[source.stored[extent]];
    if (!place) continue;
    auto const& box = source.cut.catalog.extents[extent].box;
    cuts.push_back(box.offset[axis]);
    add_cuts(target_kinds.of(place->parameter), target.tensor_of(place->parameter).shape, axis, place->begin,
             box.offset[axis], cuts);
  }
  std::ranges::sort(cuts);
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  return cuts;
}

/// Divides a segment at `cuts`.
template <class Add>
void for_each_stretch(Box const& segment, std::size_t axis, std::vector<std::uint64_t> const& cuts, Add const& add) {
  if (segment.extent.empty()) return add(segment);
  auto const end = segment.offset[axis] + segment.extent[axis];
  auto rest = segment;
  for (auto const cut : cuts) {
    if (cut <= rest.offset[axis] || cut >= end) continue;
    auto front = rest;
    front.extent[axis] = cut - rest.offset[axis];
    add(front);
    rest.offset[axis] = cut;
    rest.extent[axis] = end - cut;
  }
  add(rest);
}

}  // namespace

Bands bands_of(Side const& source, SourceStretch const& stretch, Bytes piece_bytes) {
  return {stretch.box, size_of(source.dtype_of(stretch.parameter)), piece_bytes,
          source.parameter(stretch.parameter).transposed};
}

PieceOrder order_pieces(Side const& source, SourceKinds& source_kinds, Side const& target, TargetKinds& target_kinds,
                        Bytes piece_bytes) {
  auto const count = static_cast<std::uint32_t>(source.cut.layout.parameters.size());
  std::map<ClassKey, Bytes> totals;
  std::vector<std::pair<Bytes const*, Bytes>> progress;  // total of its class, and what of it comes before
  progress.reserve(count);
  for (std::uint32_t index = 0; index < count; ++index) {
    auto& total = totals[class_of(source, target, index)];
    progress.emplace_back(&total, total);
    total += source.tensor_of(index).nbytes();
  }
  PieceOrder order;
  for (std::uint32_t index = 0; index < count; ++index) {
    auto const total = static_cast<double>(*progress[index].first);
    auto const before = static_cast<double>(progress[index].second);
    auto const& tensor = source.tensor_of(index);
    auto const nbytes = static_cast<double>(tensor.nbytes());
    auto const axis = outermost_axis(source.parameter(index), tensor.shape.size());
    auto const cuts = cuts_of(source, index, target, target_kinds);
    auto const& segments = source_kinds.of(index).segments;
    for (std::uint32_t segment = 0; segment < segments.size(); ++segment) {
      for_each_stretch(segments[segment].box, axis, cuts, [&](Box const& box) {
        auto const stretch = static_cast<std::uint32_t>(order.stretches.size());
        order.stretches.push_back({.parameter = index, .segment = segment, .box = box});
        auto const bands = bands_of(source, order.stretches.back(), piece_bytes).count();
        for (std::uint64_t band = 0; band < bands; ++band) {
          auto const share = (static_cast<double>(band) + 0.5) / static_cast<double>(bands);
          order.pieces.push_back({.progress = (before + share * nbytes) / total, .stretch = stretch, .band = band});
        }
      });
    }
  }
  std::ranges::stable_sort(order.pieces, {}, &PieceRef::progress);
  return order;
}

}  // namespace distload
