/// indivisible: why a parameter cannot be cut for a number of ranks, in words. For loads, and for the layout of a save.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <distload/partition/model_layout.hpp>
#include <distload/partition/partition.hpp>

namespace distload {

/// "2 kv_heads (num_key_value_heads) and 3 tensor-parallel ranks do not divide one another"; nothing if `partition`,
/// made by the rule of `words`, can be cut.
std::optional<std::string> indivisible(Partition const& partition, std::uint32_t ranks, CutWords const& words);

}  // namespace distload
