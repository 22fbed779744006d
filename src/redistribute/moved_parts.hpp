/// MovedParts: hashes of the parts that travelled, compared between both ends.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include <Kokkos_Core.hpp>

#include <distload/load/sharded_model.hpp>
#include <distload/parallel/communicator.hpp>

#include "redistribute/plan/redistribute_plan.hpp"
#include "redistribute/plan/side.hpp"

namespace distload {

class MovedParts {
 public:
  /// Packs a part to memory of the shards' space; complete when it returns.
  using Pack = std::function<void(PlannedCopy const& copy, std::byte* destination)>;

  /// Local: makes room for the largest part of a plan.
  MovedParts(RedistributePlan const& plan, Pack pack);

  /// Local: hashes what this rank has sent in a wave and what it has received.
  void hash(RedistributeWave const& wave);
  /// Collective over `control`: the ranks exchange their hashes.
  void exchange(RedistributeWave const& wave, Communicator& control);
  /// Local: compares them. `target` names the parameters.
  /// @throws CorruptData  a part differs; names parameter and ranks.
  void compare(RedistributeWave const& wave, Side const& target, std::uint32_t rank) const;

 private:
  std::vector<std::uint64_t> hashes_of(std::span<PlannedCheck const> checks);

  Pack pack_;
  Kokkos::View<std::byte*, ShardSpace> packed_;
  std::vector<std::uint64_t> sent_;
  std::vector<std::uint64_t> received_;
  std::vector<std::uint64_t> expected_;  ///< what the senders of the received parts say
};

}  // namespace distload
