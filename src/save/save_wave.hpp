/// WaveWriter: carries the waves of a SavePlan out.
#pragma once

#include <vector>

#include <distload/load/sharded_model.hpp>
#include <distload/parallel/communicator.hpp>

#include "save/extent_writer.hpp"
#include "save/host_slot.hpp"
#include "save/save_plan.hpp"

namespace distload {

/// A wave is packed, into memory of the caller's, and then delivered from there. These may be two threads' work, on
/// different waves; the one that delivers looks at shards only where the plan has straight writes.
class WaveWriter {
 public:
  /// `model` and `writer` outlive it.
  /// @throws OutOfBudget  the staging memory is not there.
  WaveWriter(SavePlan const& plan, ShardedModel const& model, ExtentWriter& writer);

  /// Local: copies what this rank contributes to `packed`, `wave.packed_bytes` of host memory.
  void pack(SaveWave const& wave, std::byte* packed) const;

  /// Collective over `ranks`: exchanges, places and writes a wave of which `packed` has this rank's part.
  /// @throws IoError  storage failed; on all ranks.
  void deliver(SaveWave const& wave, std::byte* packed, Communicator& ranks) const;

 private:
  void exchange(SaveWave const& wave, std::byte* packed, Communicator& ranks) const;
  void write(SaveWave const& wave, std::byte* packed) const;

  ExtentWriter* writer_;
  std::vector<std::byte const*>
      shards_;  ///< of this rank, by the tensor's number in the file; nullptr where it has none
  HostSlot received_;
  Kokkos::View<std::byte*, ShardSpace>
      device_packed_;  ///< where shards are not in host memory, what is packed before it is copied to the host
};

}  // namespace distload
