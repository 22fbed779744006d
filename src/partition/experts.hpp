/// Whole experts: which group of ranks holds which, under expert parallelism.
#pragma once

#include <cstdint>
#include <optional>

#include "partition/rules/rules.hpp"
#include "partition/rules/sizes.hpp"

namespace distload::rules {

/// Where the expert of that number is held whole, or all experts of one tensor; nothing where there are no experts, or
/// the ranks cut each of them.
/// @param expert  the number in the tensor's name, if there is one
/// @param groups  topology.expert_parallel
/// @throws RuleProblem  the size `experts` is unknown, contradicts the name or shape, or is no multiple of `groups`.
std::optional<ExpertPlacement> place_experts(Rule const& rule, std::optional<std::uint32_t> expert, Shape const& shape,
                                             Sizes const& sizes, std::uint32_t groups);

}  // namespace distload::rules
