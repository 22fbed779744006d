/// needed_bytes: what ranks lack of their shards. Pure; computed from the layouts alone, without a plan.
#pragma once

#include <cstdint>
#include <span>

#include <distload/base/bytes.hpp>

#include "redistribute/plan/side.hpp"

namespace distload {

/// Bytes of the target's shards, on all ranks together, that the ranks do not hold of the source; each element in the
/// smaller of its types before and after.
/// @param source_ranks, target_ranks  as in RedistributeRequest
Bytes needed_bytes(Side const& source, std::span<std::uint32_t const> source_ranks, Side const& target,
                   std::span<std::uint32_t const> target_ranks);

}  // namespace distload
