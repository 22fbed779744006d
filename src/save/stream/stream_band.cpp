// Computes ranges of extents and the copies between them.
#include "save/stream/stream_band.hpp"

#include <optional>

namespace distload {
namespace {

/// The elements of an extent that lie in the range.
struct ExtentPart {
  StreamExtent const* extent = nullptr;
  std::uint64_t first = 0;  ///< first element's number in the extent
  std::uint64_t last = 0;   ///< end of the elements
};

std::vector<ExtentPart> parts_of(Shape const& shape, std::vector<StreamExtent> const& extents, std::uint64_t begin,
                                 std::uint64_t end) {
  std::vector<ExtentPart> parts;
  for (auto const& extent : extents) {
    auto const first = elements_before(shape, extent.box, begin);
    auto const last = elements_before(shape, extent.box, end);
    if (first < last) parts.push_back({&extent, first, last});
  }
  return parts;
}

/// The box that begins at `offset` of `common`, placed in an extent that contains all of `common`.
Placed in_extent(Box const& extent, Box const& common, Dims const& offset) {
  auto position = offset;
  for (std::size_t axis = 0; axis < position.size(); ++axis)
    position[axis] += common.offset[axis] - extent.offset[axis];
  return {extent.extent, position};
}

/// Makes the copies of one write. Sources are relative to the source area, destinations to the first byte that is
/// written.
class Copies {
 public:
  Copies(StreamTensor const& tensor, std::uint64_t begin, std::uint64_t end, ExtentPart const& destination)
      : tensor_(&tensor), begin_(begin), end_(end), destination_(&destination) {}

  void add_from(ExtentPart const& source, Bytes area_offset) {
    auto const& to = *destination_->extent;
    auto const common = intersection(source.extent->box, to.box);
    if (!common) return;
    auto const from_bytes = size_of(tensor_->from);
    auto const to_bytes = size_of(tensor_->to);
    auto const first = elements_before(tensor_->shape, *common, begin_);
    auto const last = elements_before(tensor_->shape, *common, end_);
    for (auto const& box : boxes_of_range(common->extent, first, last)) {
      auto copy = make_strided_copy(in_extent(source.extent->box, *common, box.offset), from_bytes,
                                    in_extent(to.box, *common, box.offset), to_bytes, box.extent);
      copy.source_offset = copy.source_offset - source.first * from_bytes + area_offset;
      copy.destination_offset -= destination_->first * to_bytes;
      copies_.push_back(copy);
    }
  }

  /// The offset of the bytes in the source area, if they are contiguous there.
  std::optional<Bytes> straight_offset() const {
    if (tensor_->from != tensor_->to) return std::nullopt;
    std::optional<Bytes> offset;
    for (auto const& copy : copies_) {
      if (copy.loop_count != 0 || copy.source_offset < copy.destination_offset) return std::nullopt;
      auto const begin = copy.source_offset - copy.destination_offset;
      if (offset && *offset != begin) return std::nullopt;
      offset = begin;
    }
    return offset;
  }

  void append_to(std::vector<StridedCopy>& all, Bytes area_offset) const {
    for (auto copy : copies_) {
      copy.destination_offset += area_offset;
      all.push_back(copy);
    }
  }

 private:
  StreamTensor const* tensor_;
  std::uint64_t begin_;
  std::uint64_t end_;
  ExtentPart const* destination_;
  std::vector<StridedCopy> copies_;
};

}  // namespace

Band plan_band(StreamTensor const& tensor, std::uint64_t begin, std::uint64_t end) {
  Band band;
  auto const from_bytes = size_of(tensor.from);
  auto const to_bytes = size_of(tensor.to);
  auto const sources = parts_of(tensor.shape, tensor.sources, begin, end);
  for (auto const& source : sources) {
    auto const nbytes = (source.last - source.first) * from_bytes;
    band.reads.push_back({source.extent->extent, source.first * from_bytes, nbytes, band.source_bytes});
    band.source_bytes += nbytes;
  }
  for (auto const& destination : parts_of(tensor.shape, tensor.destinations, begin, end)) {
    Copies copies(tensor, begin, end, destination);
    for (std::size_t i = 0; i < sources.size(); ++i) copies.add_from(sources[i], band.reads[i].offset_bytes);
    auto const straight = copies.straight_offset();
    auto const nbytes = (destination.last - destination.first) * to_bytes;
    band.writes.push_back({destination.extent->extent, destination.first * to_bytes, nbytes, straight.has_value(),
                           straight.value_or(band.destination_bytes)});
    if (straight) continue;
    copies.append_to(band.copies, band.destination_bytes);
    band.destination_bytes += nbytes;
  }
  return band;
}

}  // namespace distload
