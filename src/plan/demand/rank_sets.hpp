/// RankSets: the sets of ranks that hold equal shards of a parameter, each stored once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <tuple>
#include <vector>

#include "plan/demand/holders.hpp"

namespace distload {

/// Index of a set in the order of first use; the same on every rank.
using RankSetId = std::uint32_t;

class RankSets {
 public:
  /// The sets of the groups of `holders` on these stages; adds missing ones.
  std::vector<RankSetId> of(Holders const& holders, std::vector<std::uint32_t> const& stages);

  std::size_t size() const noexcept { return sets_.size(); }
  /// Ascending; never empty.
  std::span<std::uint32_t const> operator[](RankSetId id) const { return sets_[id]; }

 private:
  using Key = std::tuple<std::uint32_t /*first part*/, std::uint32_t /*parts of the group*/,
                         std::uint32_t /*all parts*/, std::vector<std::uint32_t> /*stages*/>;

  std::vector<std::vector<std::uint32_t>> sets_;
  std::map<Key, RankSetId> ids_;
};

}  // namespace distload
