// Assigns contiguous blocks of experts to groups.
#include "partition/experts.hpp"

#include <string>

#include "partition/rules/rule_problem.hpp"

namespace distload::rules {
namespace {

/// Name of the size that is the number of experts.
constexpr char const* kExperts = "experts";
constexpr std::uint64_t kMaxExperts = 100'000;

}  // namespace

std::optional<ExpertPlacement> place_experts(Rule const& rule, std::optional<std::uint32_t> expert, Shape const& shape,
                                             Sizes const& sizes, std::uint32_t groups) {
  if (groups == 1 || (!expert && !rule.expert_axis)) return std::nullopt;
  auto const count = sizes.find_at_most(kExperts, kMaxExperts);
  if (!count) throw RuleProblem("the size `experts` is unknown, which topology.expert_parallel needs");
  if (*count % groups != 0) {
    throw RuleProblem(std::to_string(*count) + " experts do not divide by topology.expert_parallel " +
                      std::to_string(groups));
  }
  if (!expert) {
    auto const axis = *rule.expert_axis;
    if (axis < shape.size() && shape[axis] == *count) return ExpertPlacement{std::nullopt, axis};
    throw RuleProblem("config.json says that there are " + std::to_string(*count) +
                      " experts, which must stand along axis " + std::to_string(axis));
  }
  if (*expert >= *count) {
    throw RuleProblem("config.json says that there are only " + std::to_string(*count) + " experts");
  }
  return ExpertPlacement{static_cast<std::uint32_t>(*expert / (*count / groups)), 0};
}

}  // namespace distload::rules
