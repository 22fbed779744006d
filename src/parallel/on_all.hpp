/// is_on_all, is_on_any: one answer of all ranks to a question that each answers for itself.
#pragma once

#include <cstdint>
#include <span>

#include <distload/parallel/communicator.hpp>

namespace distload {

/// Collective: true if it is true on all ranks.
inline bool is_on_all(Communicator& ranks, bool value) {
  std::uint64_t all = value ? 1 : 0;
  ranks.all_reduce(std::span(&all, 1), Reduction::min);
  return all != 0;
}

/// Collective: true if it is true on any rank.
inline bool is_on_any(Communicator& ranks, bool value) {
  std::uint64_t any = value ? 1 : 0;
  ranks.all_reduce(std::span(&any, 1), Reduction::max);
  return any != 0;
}

}  // namespace distload
