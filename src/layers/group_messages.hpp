/// Messages of float32 numbers in `ShardSpace` between the ranks of a group, whichever memory the group serves.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <distload/parallel/communicator.hpp>

namespace distload {

/// Numbers for a rank, which may be the sender itself.
struct NumbersToSend {
  std::uint32_t rank = 0;
  float const* data = nullptr;
  std::uint64_t size = 0;
};
/// Where numbers of a rank are put.
struct NumbersPlace {
  std::uint32_t rank = 0;
  float* data = nullptr;
  std::uint64_t size = 0;
};

/// Collective: sends all parts, each to its rank; between two ranks they are matched in the order of both lists.
void exchange(Communicator& group, std::span<NumbersToSend const> parts, std::span<NumbersPlace const> places);

/// Collective: every rank's numbers on all ranks, one after the other in rank order. `sizes`: how many each rank has.
void gather(Communicator& group, std::span<float const> own, std::span<std::uint64_t const> sizes, float* all);

/// Collective: adds each number over all ranks, in place.
void add_over(Communicator& group, std::span<float> numbers);

}  // namespace distload
