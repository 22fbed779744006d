/// OutputGatherer: all outputs of a column- or vocabulary-parallel layer on all ranks.
#pragma once

#include <cstdint>
#include <vector>

#include <Kokkos_Core.hpp>

#include <distload/layers/activations.hpp>
#include <distload/parallel/communicator.hpp>

#include "layers/bound_shard.hpp"

namespace distload {

class OutputGatherer {
 public:
  /// Local. `group` outlives the object.
  OutputGatherer(BoundShard const& shard, Communicator& group);

  /// Collective: [tokens, outputs of the whole parameter] from every rank's `local` [tokens, outputs of its shard
  /// without padding], which are in the shard's order.
  Activations gathered(Activations const& local) const;

  /// Where an output is among the numbers that the ranks send.
  struct Source {
    std::uint64_t before = 0;  ///< outputs of lower ranks
    std::uint64_t local = 0;   ///< place among its rank's outputs
    std::uint64_t width = 0;   ///< outputs of its rank
  };

 private:
  Communicator* group_;
  std::vector<std::uint64_t> widths_;        ///< outputs by rank; empty: every rank has all
  Kokkos::View<Source*, ShardSpace> table_;  ///< by output of the whole parameter
};

}  // namespace distload
