/// WaveWriter: carries the waves of a SavePlan out.
#pragma once

#include <vector>

#include <distload/load/sharded_model.hpp>
#include <distload/parallel/communicator.hpp>
#include <distload/save/extent_writer.hpp>

#include "base/huge_pages.hpp"
#include "save/save_plan.hpp"

namespace distload {

/// Owns the staging memory. Model and writer outlive it.
class WaveWriter {
 public:
  /// @throws OutOfBudget  the staging memory is not there.
  WaveWriter(SavePlan const& plan, ShardedModel const& model, ExtentWriter& writer);

  /// Collective over `ranks`: packs, exchanges, places and writes.
  /// @throws IoError  storage failed; on all ranks.
  void run(SaveWave const& wave, Communicator& ranks);

 private:
  std::byte const* shard_bytes(std::uint32_t tensor) const { return shards_[tensor]; }
  void pack(SaveWave const& wave);
  void exchange(SaveWave const& wave, Communicator& ranks);
  void write(SaveWave const& wave);

  ExtentWriter* writer_;
  std::vector<std::byte const*>
      shards_;  ///< of this rank, by the tensor's number in the file; nullptr where it has none
  HugePages packed_;
  HugePages received_;
  Kokkos::View<std::byte*, ShardSpace>
      device_packed_;  ///< where shards are not in host memory, what is packed before it is copied to the host
};

}  // namespace distload
