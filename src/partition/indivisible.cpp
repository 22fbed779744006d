// Names the units that the ranks do not divide.
#include "partition/indivisible.hpp"

#include <cstddef>

namespace distload {
namespace {

/// "12 heads", "7 units of 32 elements along axis 0"
std::string name_units(Section const& section, std::uint32_t axis, CutWords const& words, std::size_t index) {
  bool const in_groups = !words.groups.empty();
  auto const units = section.size / section.unit * (in_groups ? 1 : section.groups);
  auto text = std::to_string(units) + " ";
  auto const word = words.units.empty() ? std::string() : words.units[index % words.units.size()];
  if (!word.empty()) {
    text += word;
  } else if (section.unit == 1) {
    text += "elements along axis " + std::to_string(axis);
  } else {
    text += "units of " + std::to_string(section.unit) + " elements along axis " + std::to_string(axis);
  }
  return in_groups ? text + " of each of " + std::to_string(section.groups) + " " + words.groups : text;
}

}  // namespace

std::optional<std::string> indivisible(Partition const& partition, std::uint32_t ranks, CutWords const& words) {
  if (partition.kind == PartitionKind::replicated || partition.kind == PartitionKind::vocab_parallel) return {};
  for (std::size_t i = 0; i < partition.sections.size(); ++i) {
    auto const& section = partition.sections[i];
    if (divides(section, ranks)) continue;
    if (auto const groups = section.groups; groups > 1 && (groups > ranks ? groups % ranks : ranks % groups) != 0) {
      auto const counted = !words.groups.empty() ? words.groups : words.units.empty() ? "groups" : words.units.front();
      return std::to_string(groups) + " " + counted + " and " + std::to_string(ranks) +
             " tensor-parallel ranks do not divide one another";
    }
    auto const what = name_units(section, partition.axis, words, i);
    auto const of = std::to_string(words.groups.empty() ? ranks : ranks / section.groups) + " tensor-parallel ranks";
    return section.replicate_units ? what + " and " + of + " do not divide one another"
                                   : what + " do not divide by " + of;
  }
  return std::nullopt;
}

}  // namespace distload
