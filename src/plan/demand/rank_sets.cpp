// Finds or adds the set of each group.
#include "plan/demand/rank_sets.hpp"

namespace distload {

std::vector<RankSetId> RankSets::of(Holders const& holders, std::vector<std::uint32_t> const& stages) {
  std::vector<RankSetId> ids;
  ids.reserve(holders.groups().size());
  for (auto const& group : holders.groups()) {
    auto const [entry, is_new] = ids_.try_emplace(Key{group.first_part, group.parts, holders.parts(), stages},
                                                  static_cast<RankSetId>(sets_.size()));
    if (is_new) sets_.push_back(holders.ranks_of(group, stages));
    ids.push_back(entry->second);
  }
  return ids;
}

}  // namespace distload
