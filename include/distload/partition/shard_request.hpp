/// ShardRequest: a shard described by boxes of tensors, for callers that know themselves what each rank needs.
#pragma once

#include <string>
#include <vector>

#include <distload/tensor/box.hpp>

namespace distload {

/// A box of a tensor of the checkpoint, and where it lies in the shard.
struct RequestedPart {
  std::string tensor;  ///< its name in the checkpoint
  Box box;             ///< of the tensor, in elements
  Dims offset;         ///< of its first element in the shard
};

/// One shard of a rank. Parts of several tensors of one dtype may lie beside each other, e.g. query, key and value.
///
/// Tensor and shard may have different numbers of axes: the one with fewer counts as having axes of size 1 before its
/// own. What no part covers is zero.
struct ShardRequest {
  std::string name;                  ///< of the shard; ranks that hold shards of one name need not hold equal ones
  Shape shape;                       ///< of the shard
  std::vector<RequestedPart> parts;  ///< disjoint in the shard; not empty
};

}  // namespace distload
