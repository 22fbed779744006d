// Exchanges sums of segments and adds them.
#include "layers/group_sum.hpp"

#include <algorithm>
#include <optional>

#include <distload/base/bytes.hpp>

#include "layers/group_messages.hpp"

namespace distload {
namespace {

/// Up to this size every rank gets all sums and adds them itself: one message instead of two.
constexpr Bytes kGatheredBytes = 256 * kKiB;

/// Finds the additions below a subtree of the tree of sums.
class TreeAdder {
 public:
  TreeAdder(std::span<SumNode const> nodes, std::uint32_t segments) : nodes_(nodes), segments_(segments) {}

  std::vector<Addition> additions() {
    std::uint32_t height = 0;
    while ((std::uint32_t{1} << height) < segments_) ++height;
    add_subtree(0, height);
    return std::move(additions_);
  }

 private:
  /// @returns the node in whose place the sum of the subtree that begins at `first` is.
  std::uint32_t add_subtree(std::uint32_t first, std::uint32_t height) {
    auto const end = std::min(segments_, first + (std::uint32_t{1} << height));
    auto const is_it = [&](SumNode const& node) { return node.first == first && node.first + node.count == end; };
    if (auto const found = std::ranges::find_if(nodes_, is_it); found != nodes_.end()) {
      return static_cast<std::uint32_t>(found - nodes_.begin());
    }
    auto const middle = first + (std::uint32_t{1} << (height - 1));
    auto const left = add_subtree(first, height - 1);
    if (middle < end) additions_.push_back({left, add_subtree(middle, height - 1)});
    return left;
  }

  std::span<SumNode const> nodes_;
  std::uint32_t segments_;
  std::vector<Addition> additions_;
};

/// Begin of rank r's share of `size` numbers.
std::uint64_t share_begin(std::uint64_t size, std::uint32_t ranks, std::uint32_t rank) { return size * rank / ranks; }

}  // namespace

std::vector<Addition> additions_of(std::span<SumNode const> nodes, std::uint32_t segments, bool in_tree_order) {
  if (in_tree_order) return TreeAdder(nodes, segments).additions();
  std::vector<Addition> additions;
  for (std::uint32_t i = 1; i < nodes.size(); ++i) additions.push_back({0, i});
  return additions;
}

GroupSum::GroupSum(SharedSegments const& shared, Communicator& group) : group_(&group), is_exact_(shared.is_exact) {
  std::vector<SumNode> nodes;
  for (auto const& of_rank : shared.nodes) {
    first_node_.push_back(static_cast<std::uint32_t>(nodes.size()));
    nodes.insert(nodes.end(), of_rank.begin(), of_rank.end());
  }
  first_node_.push_back(static_cast<std::uint32_t>(nodes.size()));
  additions_ = additions_of(nodes, shared.segments, shared.is_exact);
}

Activations GroupSum::total(Sums const& sums) const {
  auto const bytes = Bytes{all_nodes()} * sums.extent(1) * sums.extent(2) * sizeof(float);
  if (is_shared() && bytes > kGatheredBytes) return total_of_shares(sums);
  return total_of_gathered(sums);
}

Activations GroupSum::total_of_gathered(Sums const& sums) const {
  auto const tokens = sums.extent(1);
  auto const outputs = sums.extent(2);
  auto const size = tokens * outputs;
  auto all = sums;
  if (is_shared()) {
    all = Sums(Kokkos::view_alloc(Kokkos::WithoutInitializing, "distload::all_sums"), all_nodes(), tokens, outputs);
    std::vector<std::uint64_t> sizes;
    for (std::uint32_t rank = 0; rank < group_->size(); ++rank) {
      sizes.push_back((first_node_[rank + 1] - first_node_[rank]) * size);
    }
    gather(*group_, {sums.data(), sums.size()}, sizes, all.data());
  }
  add_nodes(all.data(), size, additions_);
  return Kokkos::subview(all, 0, Kokkos::ALL(), Kokkos::ALL());
}

Activations GroupSum::total_of_shares(Sums const& sums) const {
  auto const size = sums.extent(1) * sums.extent(2);
  auto const ranks = group_->size();
  auto const begin = [&](std::uint32_t rank) { return share_begin(size, ranks, rank); };
  auto const own = begin(group_->rank() + 1) - begin(group_->rank());
  Kokkos::View<float*, ShardSpace> const shares(Kokkos::view_alloc(Kokkos::WithoutInitializing, "distload::shares"),
                                                all_nodes() * own);
  std::vector<NumbersToSend> parts;
  std::vector<NumbersPlace> places;
  for (std::uint32_t rank = 0; rank < ranks; ++rank) {
    for (std::uint64_t node = 0; node < sums.extent(0); ++node) {
      parts.push_back({rank, sums.data() + node * size + begin(rank), begin(rank + 1) - begin(rank)});
    }
    for (auto node = first_node_[rank]; node < first_node_[rank + 1]; ++node) {
      places.push_back({rank, shares.data() + node * own, own});
    }
  }
  exchange(*group_, parts, places);
  add_nodes(shares.data(), own, additions_);
  auto const total = new_activations(sums.extent(1), sums.extent(2), "distload::total");
  std::vector<std::uint64_t> sizes;
  for (std::uint32_t rank = 0; rank < ranks; ++rank) sizes.push_back(begin(rank + 1) - begin(rank));
  gather(*group_, {shares.data(), own}, sizes, total.data());
  return total;
}

}  // namespace distload
