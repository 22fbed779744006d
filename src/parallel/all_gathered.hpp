/// all_gathered: gathers one value of every rank.
#pragma once

#include <span>
#include <type_traits>
#include <vector>

#include <distload/parallel/communicator.hpp>

namespace distload {

/// Collective: the values `mine` of all ranks, ordered by rank.
template <class T>
std::vector<T> all_gathered(Communicator& ranks, T const& mine) {
  static_assert(std::is_trivially_copyable_v<T>);
  std::vector<T> all(ranks.size());
  ranks.all_gather(std::as_bytes(std::span(&mine, 1)), std::as_writable_bytes(std::span(all)));
  return all;
}

}  // namespace distload
