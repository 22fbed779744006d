/// needed_bytes: what a rank lacks of its shards. Pure; computed from the layouts alone, without a plan.
#pragma once

#include <cstdint>
#include <optional>

#include <distload/base/bytes.hpp>

#include "redistribute/plan/side.hpp"

namespace distload {

/// Bytes of the target's shards of a rank that it does not hold of the source; each element in the smaller of its types
/// before and after.
/// @param source_rank, target_rank  its numbers in the topologies, as in RedistributeRole
Bytes needed_bytes(Side const& source, std::optional<std::uint32_t> source_rank, Side const& target,
                   std::optional<std::uint32_t> target_rank);

}  // namespace distload
