/// The tree in which the sums of segments are added: neighbours in pairs, (0 1) (2 3) ..., an odd last one is carried
/// to the next level as it is, until one sum is left. Ranks that hold consecutive segments add what complete subtrees
/// they hold; whoever has gathered these sums adds the rest. The result has the same bits for any number of ranks.
#pragma once

#include <cstdint>
#include <vector>

#include "layers/kernels/matmul.hpp"

namespace distload {

/// The largest complete subtrees in [first, first + count) of a tree with `segments` leaves, ascending.
std::vector<SumNode> subtrees_of(std::uint32_t segments, std::uint32_t first, std::uint32_t count);

}  // namespace distload
