// Every rank tells its numbers.
#include "redistribute/group_roles.hpp"

#include <string>

#include <distload/base/error.hpp>

#include "parallel/all_gathered.hpp"

namespace distload {

std::vector<std::uint32_t> ordered_by_number(std::vector<std::optional<std::uint32_t>> const& numbers,
                                             char const* side) {
  std::size_t count = 0;
  for (auto const& number : numbers) count += number ? 1U : 0U;
  std::vector<std::optional<std::uint32_t>> ranks(count);
  for (std::uint32_t rank = 0; rank < numbers.size(); ++rank) {
    if (!numbers[rank]) continue;
    auto const number = *numbers[rank];
    if (number >= count || ranks[number]) {
      throw ConfigError("rank " + std::to_string(rank) + " says that it is rank " + std::to_string(number) +
                        " of the " + side + ", which " + std::to_string(count) + " ranks hold" +
                        (number < count ? ", as another rank does" : ""));
    }
    ranks[number] = rank;
  }
  if (count == 0) throw ConfigError(std::string("no rank holds a part of the ") + side);
  std::vector<std::uint32_t> ordered;
  ordered.reserve(count);
  for (auto const& rank : ranks) ordered.push_back(*rank);
  return ordered;
}

GroupRoles gather_roles(Communicator& ranks, RedistributeRole const& own) {
  auto const all = all_gathered(ranks, own);
  std::vector<std::optional<std::uint32_t>> sources;
  std::vector<std::optional<std::uint32_t>> targets;
  for (auto const& role : all) {
    sources.push_back(role.source_rank);
    targets.push_back(role.target_rank);
  }
  return {ordered_by_number(sources, "source"), ordered_by_number(targets, "target")};
}

}  // namespace distload
