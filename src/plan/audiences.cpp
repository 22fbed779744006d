// Ranks of groups of parts, stage by stage.
#include "plan/audiences.hpp"

namespace distload {
namespace {

std::vector<std::uint32_t> ranks_of(HolderGroup const& group, std::uint32_t parts,
                                    std::vector<std::uint32_t> const& stages, Topology const& topology) {
  std::vector<std::uint32_t> ranks;
  auto const stage_ranks = topology.stage_ranks();
  for (auto const stage : stages) {
    for (auto first = group.first_part; first < stage_ranks; first += parts) {
      for (std::uint32_t i = 0; i < group.parts; ++i) ranks.push_back(stage * stage_ranks + first + i);
    }
  }
  return ranks;
}

}  // namespace

std::vector<AudienceId> Audiences::of(Holders const& holders, std::vector<std::uint32_t> const& stages) {
  std::vector<AudienceId> ids;
  for (auto const& group : holders.groups()) {
    auto const [entry, is_new] = ids_.try_emplace(Key{group.first_part, group.parts, holders.parts(), stages},
                                                  static_cast<AudienceId>(audiences_.size()));
    if (is_new) audiences_.push_back({ranks_of(group, holders.parts(), stages, topology_), 0, 0, 0});
    ids.push_back(entry->second);
  }
  return ids;
}

}  // namespace distload
