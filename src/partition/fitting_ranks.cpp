// Common divisors of all sections.
#include "partition/fitting_ranks.hpp"

#include <algorithm>

namespace distload::rules {

void FittingRanks::add(Partition const& partition) {
  if (partition.kind == PartitionKind::vocab_parallel) return;  // padded to any number of ranks
  for (auto const& section : partition.sections) {
    if (!section.uneven) units_.emplace(section.size / section.unit, section.replicate_units, section.groups);
  }
}

void FittingRanks::add_even(Partition const& partition) {
  if (partition.kind == PartitionKind::vocab_parallel) return;
  for (auto const& section : partition.sections) {
    units_.emplace(section.size / section.unit, section.replicate_units, section.groups);
  }
}

std::string FittingRanks::list(std::uint32_t most) const {
  std::string list;
  for (std::uint32_t ranks = 1; ranks <= most; ++ranks) {
    auto const fits = std::ranges::all_of(units_, [&](auto const& units) {
      auto const& [count, replicate, groups] = units;
      return divides(Section{.size = count, .replicate_units = replicate, .groups = groups}, ranks);
    });
    if (fits) list += (list.empty() ? "" : ", ") + std::to_string(ranks);
  }
  return list;
}

}  // namespace distload::rules
