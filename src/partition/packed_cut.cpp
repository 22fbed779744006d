// Divides sections by the numbers in a unit.
#include "partition/packed_cut.hpp"

#include <cstddef>
#include <string>

#include "partition/rules/rule_problem.hpp"

namespace distload::rules {

Partition in_units(Partition partition, DType dtype, Shape const& numbers_shape) {
  auto const numbers = elements_per_unit(dtype);
  if (numbers == 1 || partition.axis + std::size_t{1} != numbers_shape.size()) return partition;
  for (auto& section : partition.sections) {
    // What must stay together stays together in whole bytes.
    auto const unit = section.unit == 1 ? numbers : section.unit;
    if (section.size % numbers != 0 || unit % numbers != 0) {
      throw RuleProblem("its parts of " + std::to_string(section.size % numbers != 0 ? section.size : unit) +
                        " numbers of " + std::string(name_of(dtype)) +
                        " would be cut inside a byte; whole bytes hold multiples of " + std::to_string(numbers));
    }
    section.size /= numbers;
    section.unit = unit / numbers;
  }
  return partition;
}

}  // namespace distload::rules
