/// Demand: the bytes of a parameter's extents that each rank wants, independent of the strategy. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/base/dtype.hpp>
#include <distload/base/topology.hpp>
#include <distload/checkpoint/catalog.hpp>
#include <distload/partition/model_layout.hpp>

#include "plan/cost_model.hpp"
#include "plan/demand/holders.hpp"
#include "plan/demand/segments.hpp"

namespace distload {

/// A segment of one of the parameter's extents, and the groups that want parts of it.
struct DemandedSegment {
  std::uint32_t extent = 0;           ///< counted from the parameter's first
  Segment segment;                    ///< its wants are indices into `Demand::wants_of(extent)`
  std::vector<std::uint32_t> groups;  ///< of the wants; ascending, each once
  SharedRead shared;
};

/// The part of a range of an extent that belongs to a want.
struct WantedPart {
  std::uint32_t want = 0;   ///< index into `Demand::wants_of`
  std::uint32_t group = 0;  ///< of the want
  Bytes nbytes = 0;
  /// Offset in the shard, if the part is the whole range and is stored unchanged and contiguous in the shard.
  std::optional<Bytes> shard_run = std::nullopt;
};

class Demand {
 public:
  /// `catalog` outlives the object; `dtype` is the type in memory.
  Demand(Catalog const& catalog, Parameter const& parameter, DType dtype, Topology const& topology);

  Holders const& holders() const noexcept { return holders_; }
  ShardLayout const& layout_of(std::uint32_t group) const { return holders_.groups()[group].layout; }
  std::span<Extent const> extents() const noexcept { return extents_; }
  /// Precondition: the parameter has elements.
  std::vector<Want> const& wants_of(std::uint32_t extent) const { return wants_[extent]; }
  /// In the order of extents and of bytes in each. Contain only bytes that a rank wants.
  std::span<DemandedSegment const> segments() const noexcept { return segments_; }

  /// Bytes of the tensor that some rank wants, each counted once.
  Bytes requested_bytes() const;

  DType stored_dtype() const noexcept { return stored_dtype_; }
  DType dtype() const noexcept { return dtype_; }
  Bytes stored_element_bytes() const noexcept { return size_of(stored_dtype_); }
  bool is_cast() const noexcept { return dtype_ != stored_dtype_; }
  bool is_transposed() const noexcept { return is_transposed_; }
  /// True if elements have the same type and order in memory as in storage.
  bool is_verbatim() const noexcept { return !is_cast() && !is_transposed_; }

  /// Bytes of a group's shard in memory.
  Bytes shard_bytes(std::uint32_t group) const { return volume(layout_of(group).shape) * size_of(dtype_); }
  /// The boxes of the parameter that the elements of a range of an extent form, in order.
  std::vector<Box> boxes_of(std::uint32_t extent, ByteRange const& range) const;
  /// The parts of a range in a segment that belong to its wants, or to the wants of `only_group`.
  std::vector<WantedPart> parts_of(DemandedSegment const& demanded, ByteRange const& range,
                                   std::optional<std::uint32_t> only_group = std::nullopt) const;

 private:
  void add_segments(std::uint32_t extent, Bytes block_bytes);
  SharedRead shared_read(DemandedSegment const& demanded, Bytes block_bytes) const;
  WantedPart part_of(std::uint32_t extent, std::uint32_t want, ByteRange const& range,
                     std::span<Box const> boxes) const;

  std::span<Extent const> extents_;
  DType stored_dtype_;
  DType dtype_;
  bool is_transposed_;
  Holders holders_;
  std::vector<std::vector<Want>> wants_;  ///< by extent
  std::vector<DemandedSegment> segments_;
};

}  // namespace distload
