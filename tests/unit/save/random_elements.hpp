/// What the tests of plans on random tensors share: the numbers of elements, the size of blocks, random choices.
#pragma once

#include <cstdint>
#include <random>

#include <distload/base/bytes.hpp>

namespace distload::testing {

constexpr Bytes kBlock = 64;  // small, so that small tensors have many
using Element = std::uint32_t;

inline std::uint64_t pick(std::mt19937& random, std::uint64_t low, std::uint64_t high) {
  return std::uniform_int_distribution<std::uint64_t>(low, high)(random);
}

}  // namespace distload::testing
