/// SavePlan: the parts of a checkpoint file that a rank writes, and the messages needed for them. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <distload/base/topology.hpp>
#include <distload/checkpoint/catalog.hpp>
#include <distload/partition/partition.hpp>

#include "tensor/strided_copy.hpp"

namespace distload {

/// How the ranks hold a tensor of the file.
struct HeldTensor {
  Partition partition;
  std::vector<std::uint32_t> stages;  ///< pipeline stages that hold it; never empty
  std::optional<ExpertPlacement> experts = std::nullopt;
  std::shared_ptr<RankLayouts const> layouts = nullptr;  ///< replaces `partition` and `experts` where it is there
};

/// A copy from this rank's shard of a tensor.
struct ShardCopy {
  std::uint32_t tensor = 0;  ///< index into `Catalog::tensors`
  StridedCopy copy;          ///< from the shard's first byte to the first byte of the packed area
};

/// A message, in the packed area (sent) or in the received area.
struct SaveMessage {
  std::uint32_t peer = 0;
  Bytes offset_bytes = 0;
  Bytes nbytes = 0;
};

/// Whole blocks of one extent.
struct PlannedWrite {
  std::uint32_t extent = 0;
  Bytes begin_bytes = 0;  ///< in the extent
  Bytes nbytes = 0;
  bool straight = false;   ///< the bytes are contiguous in this rank's shard and written from there
  Bytes offset_bytes = 0;  ///< in the shard if `straight`, otherwise in the packed area
};

/// The part of a plan that fits into the staging memory.
struct SaveWave {
  std::vector<ShardCopy> packs;  ///< of bytes to send and bytes to write
  std::vector<SaveMessage> sends;
  std::vector<SaveMessage> receives;
  std::vector<StridedCopy> places;  ///< from the received area to the packed area
  std::vector<PlannedWrite> writes;
  Bytes packed_bytes = 0;
  Bytes received_bytes = 0;
};

/// One rank's part.
struct SavePlan {
  std::vector<SaveWave> waves;  ///< the same number on every rank
  Bytes packed_bytes = 0;       ///< the maximum over all waves
  Bytes received_bytes = 0;
};

struct SavePlanOptions {
  Bytes staging_bytes = 64 * kMiB;  ///< packed and received area together; increased to what one unit needs
  bool allow_straight = true;       ///< requires shards in host memory
};

/// The plan of `rank`; every rank makes its own plan without communication.
///
/// The file is divided into units of whole blocks. A unit is written by the rank that holds most of it; among equals,
/// by the rank with the fewest bytes to write. The others send their parts to it. Thus every unit is contiguous in the
/// file and hashed from memory for any layout, and replicated tensors are distributed over their holders.
///
/// @param tensors  in the order of `file.tensors`
SavePlan make_save_plan(Catalog const& file, std::span<HeldTensor const> tensors, Topology const& topology,
                        std::uint32_t rank, SavePlanOptions const& options);

}  // namespace distload
