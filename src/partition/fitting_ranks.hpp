/// FittingRanks: which numbers of ranks could share out a model, for the message when the wanted one cannot.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include <distload/partition/partition.hpp>

namespace distload::rules {

class FittingRanks {
 public:
  /// A parameter that is to be shared out.
  void add(Partition const& partition);
  /// The same of one that cannot be shared out unevenly, whatever its partition says.
  void add_even(Partition const& partition);
  /// "1, 2, 4": the numbers of ranks up to `most` that every parameter can be shared out among.
  std::string list(std::uint32_t most) const;

 private:
  std::set<std::pair<std::uint64_t, bool>> units_;  ///< of all sections, and whether they may be replicated
};

}  // namespace distload::rules
