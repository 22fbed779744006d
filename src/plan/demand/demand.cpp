// Divides extents into segments; computes the parts of ranges.
#include "plan/demand/demand.hpp"

#include <algorithm>
#include <utility>

namespace distload {

Demand::Demand(Catalog const& catalog, Parameter const& parameter, DType dtype, Topology const& topology)
    : extents_(catalog.extents_of(catalog.tensors[parameter.tensor])),
      stored_dtype_(catalog.tensors[parameter.tensor].dtype),
      dtype_(dtype),
      is_transposed_(parameter.transposed),
      holders_(holders_of(parameter, catalog.tensors[parameter.tensor].shape, topology)) {
  if (catalog.tensors[parameter.tensor].nbytes() == 0) return;
  wants_.reserve(extents_.size());
  for (std::uint32_t extent = 0; extent < extents_.size(); ++extent) {
    wants_.push_back(holders_.wants_in(extents_[extent].box));
    add_segments(extent, catalog.block_bytes);
  }
}

void Demand::add_segments(std::uint32_t extent, Bytes block_bytes) {
  auto const& wants = wants_[extent];
  for (auto& segment : segments_of(extents_[extent], wants, stored_element_bytes(), block_bytes)) {
    auto& demanded = segments_.emplace_back();
    demanded.extent = extent;
    demanded.segment = std::move(segment);
    auto& groups = demanded.groups;
    for (auto const want : demanded.segment.wants) groups.push_back(wants[want].group);
    std::ranges::sort(groups);
    groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
    demanded.shared = shared_read(demanded, block_bytes);
  }
}

SharedRead Demand::shared_read(DemandedSegment const& demanded, Bytes block_bytes) const {
  auto const nbytes = demanded.segment.nbytes();
  SharedRead shared;
  shared.nbytes = nbytes;
  shared.pieces = divide_up(nbytes, block_bytes);
  for (auto const index : demanded.segment.wants) {
    auto const& want = wants_[demanded.extent][index];
    // A want may extend beyond the segment; counts at most the segment's bytes.
    auto const most = std::min(volume(want.box) * stored_element_bytes(), nbytes);
    shared.wanted_bytes += holders_.rank_count(want.group) * most;
  }
  shared.readers = 0;
  for (auto const group : demanded.groups) shared.readers += holders_.rank_count(group);
  shared.reread_bytes = shared.readers * nbytes;
  shared.wanted_bytes = std::min(shared.wanted_bytes, shared.reread_bytes);
  return shared;
}

Bytes Demand::requested_bytes() const {
  std::vector<Box> boxes;
  for (auto const& group : holders_.groups()) {
    for (auto const& piece : group.layout.pieces) boxes.push_back(piece.global);
  }
  return union_volume(boxes) * stored_element_bytes();
}

std::vector<Box> Demand::boxes_of(std::uint32_t extent, ByteRange const& range) const {
  auto const& stored = extents_[extent].box;
  auto const element_bytes = stored_element_bytes();
  auto boxes = boxes_of_range(stored.extent, range.begin / element_bytes, range.end / element_bytes);
  for (auto& box : boxes) {
    for (std::size_t axis = 0; axis < box.offset.size(); ++axis) box.offset[axis] += stored.offset[axis];
  }
  return boxes;
}

std::vector<WantedPart> Demand::parts_of(DemandedSegment const& demanded, ByteRange const& range,
                                         std::optional<std::uint32_t> only_group) const {
  auto const boxes = boxes_of(demanded.extent, range);
  std::vector<WantedPart> parts;
  for (auto const want : demanded.segment.wants) {
    if (only_group && *only_group != wants_[demanded.extent][want].group) continue;
    auto const part = part_of(demanded.extent, want, range, boxes);
    if (part.nbytes > 0) parts.push_back(part);
  }
  return parts;
}

WantedPart Demand::part_of(std::uint32_t extent, std::uint32_t index, ByteRange const& range,
                           std::span<Box const> boxes) const {
  auto const& want = wants_[extent][index];
  auto const& layout = layout_of(want.group);
  auto const& piece = layout.pieces[want.piece];
  WantedPart part{.want = index, .group = want.group};
  bool is_consecutive = is_verbatim();
  for (auto const& box : boxes) {
    auto const common = intersection(box, want.box);
    if (!common) continue;
    // Contiguous in the shard: each box is one run there and begins where the previous one ended.
    Box const local{local_position(piece, common->offset), common->extent};
    auto const run = linear_index(layout.shape, local.offset) * stored_element_bytes();
    if (part.nbytes == 0) part.shard_run = run;
    is_consecutive = is_consecutive && is_contiguous_in(layout.shape, local) && run == *part.shard_run + part.nbytes;
    part.nbytes += volume(*common) * stored_element_bytes();
  }
  if (!is_consecutive || part.nbytes != range.nbytes()) part.shard_run.reset();
  return part;
}

}  // namespace distload
