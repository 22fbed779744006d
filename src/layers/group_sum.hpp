/// GroupSum: adds the sums of segments that the ranks of a group hold, in the order of the tree of sums, so that every
/// rank gets the same bits, and the same as one rank that holds all segments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <distload/layers/activations.hpp>
#include <distload/parallel/communicator.hpp>

#include "layers/kernels/elementwise.hpp"
#include "layers/linear_matrix.hpp"
#include "layers/segments.hpp"

namespace distload {

/// The additions that make the total of all `nodes`, in the order of the ranks; the total is in the first node's place.
/// With `in_tree_order` the nodes are subtrees of a tree with `segments` leaves, together all of it.
std::vector<Addition> additions_of(std::span<SumNode const> nodes, std::uint32_t segments, bool in_tree_order);

class GroupSum {
 public:
  /// `group` outlives the object.
  GroupSum(SharedSegments const& shared, Communicator& group);

  /// False: the sum depends on the number of ranks, in the last bits.
  bool is_exact() const noexcept { return is_exact_; }

  /// Collective over the group: [tokens, outputs], the total of all ranks' nodes, on all ranks. `sums` is used up, and
  /// its memory may be that of the total.
  Activations total(Sums const& sums) const;

 private:
  Activations total_of_gathered(Sums const& sums) const;
  Activations total_of_shares(Sums const& sums) const;
  /// False: every rank has all nodes.
  bool is_shared() const noexcept { return first_node_.size() > 2; }
  std::uint32_t all_nodes() const noexcept { return first_node_.back(); }

  Communicator* group_;
  bool is_exact_;
  std::vector<std::uint32_t> first_node_;  ///< by rank, and the number of all nodes
  std::vector<Addition> additions_;
};

}  // namespace distload
