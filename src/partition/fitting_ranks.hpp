/// FittingRanks: the numbers of ranks that a model can be divided among, for the error message when the requested one
/// does not fit.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <tuple>

#include <distload/partition/partition.hpp>

namespace distload::rules {

class FittingRanks {
 public:
  /// A parameter that is divided.
  void add(Partition const& partition);
  /// A parameter that must be divided evenly, even if its partition allows uneven parts.
  void add_even(Partition const& partition);
  /// "1, 2, 4": the numbers of ranks up to `most` that all parameters can be divided among.
  std::string list(std::uint32_t most) const;

 private:
  /// Of all sections: the units, whether they may be replicated, and the groups.
  std::set<std::tuple<std::uint64_t, bool, std::uint32_t>> units_;
};

}  // namespace distload::rules
