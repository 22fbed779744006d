/// all_gathered: one value of every rank.
#pragma once

#include <span>
#include <type_traits>
#include <vector>

#include <distload/parallel/communicator.hpp>

namespace distload {

/// Collective: every rank's `mine`, ordered by rank.
template <class T>
std::vector<T> all_gathered(Communicator& ranks, T const& mine) {
  static_assert(std::is_trivially_copyable_v<T>);
  std::vector<T> all(ranks.size());
  ranks.all_gather(std::as_bytes(std::span(&mine, 1)), std::as_writable_bytes(std::span(all)));
  return all;
}

}  // namespace distload
