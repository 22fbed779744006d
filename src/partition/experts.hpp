/// Expert parallelism: which group of ranks holds which experts.
#pragma once

#include <cstdint>
#include <optional>

#include "partition/rules/rules.hpp"
#include "partition/rules/sizes.hpp"

namespace distload::rules {

/// The placement of an expert, or of all experts of one tensor, that is not divided among ranks; nothing if the tensor
/// has no experts or each is divided.
/// @param expert  the expert number in the tensor's name, if there is one
/// @param groups  topology.expert_parallel
/// @throws RuleProblem  the size `experts` is unknown, contradicts the name or shape, or is not a multiple of `groups`.
std::optional<ExpertPlacement> place_experts(Rule const& rule, std::optional<std::uint32_t> expert, Shape const& shape,
                                             Sizes const& sizes, std::uint32_t groups);

}  // namespace distload::rules
