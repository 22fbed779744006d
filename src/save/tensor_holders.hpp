/// TensorHolders: the ranks that hold each part of a tensor. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <distload/base/topology.hpp>
#include <distload/tensor/box.hpp>

#include "plan/demand/holders.hpp"
#include "save/save_plan.hpp"

namespace distload {

/// A rank that holds a whole segment.
struct SegmentHolder {
  std::uint32_t rank = 0;
  std::uint32_t group = 0;  ///< group among the tensor's holders; determines the shape of its shard
  Dims local_offset;        ///< of the segment's first element in its shard
};

/// A box of a tensor that no holder's boundary crosses.
struct HeldSegment {
  Box box;
  std::vector<SegmentHolder> holders;  ///< never empty, ordered by rank
};

class TensorHolders {
 public:
  TensorHolders(HeldTensor const& tensor, Shape const& shape, Topology const& topology);

  /// The segments that overlap `box` along the axis that orders them, in order. Segments are disjoint and cover the
  /// tensor.
  std::span<HeldSegment const> touching(Box const& box) const;

  Shape const& shard_shape(std::uint32_t group) const { return holders_.groups()[group].layout.shape; }

 private:
  Holders holders_;
  std::vector<HeldSegment> segments_;  ///< ordered along the axis of `holders_`
};

}  // namespace distload
