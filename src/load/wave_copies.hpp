/// WaveCopies: the copies of every wave with their addresses, where kernels can read them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <distload/plan/load_plan.hpp>

#include "device/device.hpp"
#include "io/files/file_mapping.hpp"
#include "load/arena.hpp"
#include "load/device_peers.hpp"
#include "load/staging.hpp"
#include "plan/rank_work.hpp"
#include "tensor/kernels/copy_list.hpp"

namespace distload {

/// The copies of one step of a wave. `owner` keeps lists in host memory.
struct WaveStep {
  StepCopies lists;
  std::shared_ptr<StepBuilder const> owner;
};

/// On the host the lists of a wave are made when it is asked for. For a device the lists of all waves are made, and
/// copied to it, once.
class WaveCopies {
 public:
  /// All arguments outlive the object.
  /// @param files   that the plan copies from; nullptr if it does not
  /// @param peers   arenas that the plan's kernels write to; nullptr if they do not
  /// @param stream  copies the lists; is waited for
  WaveCopies(LoadPlan const& plan, Arena const& arena, Staging const& staging, FileMapping const* files,
             DevicePeers const* peers, Device& device, Stream& stream);

  /// Of the parts that the wave sends, to its slot.
  WaveStep packs(std::uint32_t wave) const;
  /// From the wave's slot and from files, to the arenas.
  WaveStep places(std::uint32_t wave) const;

 private:
  std::byte* address(std::uint32_t wave, Area area) const;
  std::shared_ptr<StepBuilder const> make_packs(std::uint32_t wave) const;
  std::shared_ptr<StepBuilder const> make_places(std::uint32_t wave) const;
  void upload(Device& device, Stream& stream);

  LoadPlan const& plan_;
  Arena const& arena_;
  Staging const& staging_;
  FileMapping const* files_;
  DevicePeers const* peers_;
  DeviceMemory uploaded_;
  std::vector<StepCopies> packs_;  // by wave, in `uploaded_`; empty on the host
  std::vector<StepCopies> places_;
};

}  // namespace distload
