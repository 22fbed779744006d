/// WaveWriter: executes the waves of a SavePlan.
#pragma once

#include <vector>

#include <distload/load/sharded_model.hpp>
#include <distload/parallel/communicator.hpp>

#include "save/extent_writer.hpp"
#include "save/host_slot.hpp"
#include "save/save_plan.hpp"
#include "save/save_source.hpp"

namespace distload {

/// A wave is packed into memory of the caller and then delivered from there. Two threads may do both at the same time
/// for different waves; `deliver` reads shards only for straight writes.
class WaveWriter {
 public:
  /// The memory of `source`, and `writer`, must outlive the object.
  /// @throws OutOfBudget  not enough memory for staging.
  WaveWriter(SavePlan const& plan, SaveSource const& source, ExtentWriter& writer);

  /// Local: copies this rank's contribution to `packed`, `wave.packed_bytes` of host memory.
  void pack(SaveWave const& wave, std::byte* packed) const;

  /// Collective over `ranks`: exchanges, places and writes a wave; `packed` has this rank's contribution.
  /// @throws IoError  storage failed; on all ranks.
  void deliver(SaveWave const& wave, std::byte* packed, Communicator& ranks) const;

 private:
  void exchange(SaveWave const& wave, std::byte* packed, Communicator& ranks) const;
  void write(SaveWave const& wave, std::byte* packed) const;

  ExtentWriter* writer_;
  std::vector<std::byte const*> shards_;  ///< of this rank, by number of the tensor in the file; nullptr if it has none
  HostSlot received_;
  Kokkos::View<std::byte*, ShardSpace>
      device_packed_;  ///< if shards are on a device: packed data before it is copied to the host
};

}  // namespace distload
