/// GroupRoles: which ranks of a group hold the source and the target of a redistribution.
#pragma once

#include <cstdint>
#include <vector>

#include <distload/parallel/communicator.hpp>
#include <distload/redistribute/redistributor.hpp>

namespace distload {

struct GroupRoles {
  std::vector<std::uint32_t> source_ranks;  ///< by rank of the source's topology: its number in the group
  std::vector<std::uint32_t> target_ranks;  ///< likewise of the target's
};

/// Collective: the roles of all ranks.
/// @throws ConfigError  the numbers on one side do not count from 0 without gaps, or there are none; on all ranks.
GroupRoles gather_roles(Communicator& ranks, RedistributeRole const& own);

/// Pure: the ranks in the order of their numbers. `side`: "source", for messages.
/// @param numbers  by rank of the group; nothing where it has no part in that side
/// @throws ConfigError  as `gather_roles`.
std::vector<std::uint32_t> ordered_by_number(std::vector<std::optional<std::uint32_t>> const& numbers,
                                             char const* side);

}  // namespace distload
