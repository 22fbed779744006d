// Blocks of a weight's cut axis.
#include "partition/scale_cut.hpp"

#include <algorithm>

#include "partition/rule_problem.hpp"

namespace distload::rules {
namespace {

constexpr std::string_view kEndings[] = {"_scale_inv", "_scale"};

std::uint64_t divided_up(std::uint64_t size, std::uint64_t parts) { return size / parts + (size % parts != 0 ? 1 : 0); }

/// Elements of the weight that share a scale.
std::uint64_t block_of(std::uint64_t weight_extent, std::uint64_t scale_extent) {
  return divided_up(weight_extent, scale_extent);
}

/// True if every part that a rank gets of the section is whole blocks.
bool cut_at_blocks(Section const& section, std::uint64_t block, std::uint32_t ranks) {
  auto const units = section.size / section.unit;
  if (units % ranks == 0) return units / ranks * section.unit % block == 0;
  return section.unit % block == 0;  // of several ranks together, or uneven
}

}  // namespace

std::optional<ScaledNames> scaled_names(std::string_view name) {
  for (auto const ending : kEndings) {
    if (!name.ends_with(ending)) continue;
    auto const weight = name.substr(0, name.size() - ending.size());
    auto const dot = weight.rfind('.');
    if (dot == std::string_view::npos) return ScaledNames{std::string(weight), {}};
    return ScaledNames{std::string(weight), std::string(weight.substr(0, dot)) + ".weight"};
  }
  return std::nullopt;
}

Partition partition_of_scale(Partition const& weight, Shape const& weight_shape, Shape const& scale_shape) {
  auto const axis = weight.axis;
  if (weight.kind == PartitionKind::replicated || volume(scale_shape) <= 1) return {};
  // One scale for each row of a matrix that is cut along its columns.
  if (axis >= scale_shape.size() || scale_shape[axis] == 1) return {};
  auto const block = block_of(weight_shape[axis], scale_shape[axis]);
  if (divided_up(weight_shape[axis], block) != scale_shape[axis]) {
    throw RuleProblem("its " + std::to_string(scale_shape[axis]) + " elements along axis " + std::to_string(axis) +
                      " are not one for each block of the weight's " + std::to_string(weight_shape[axis]));
  }
  Partition scale{weight.kind, axis, {}};
  auto const whole_blocks =
      std::ranges::all_of(weight.sections, [&](Section const& section) { return section.size % block == 0; });
  if (!whole_blocks) {
    scale.sections = {{scale_shape[axis], 1, false, false}};
    return scale;
  }
  for (auto const& section : weight.sections) {
    auto const whole_units = section.unit % block == 0;
    scale.sections.push_back({section.size / block, whole_units ? section.unit / block : 1,
                              section.replicate_units && whole_units, section.uneven && whole_units});
  }
  return scale;
}

std::optional<std::string> misaligned_scale(Partition const& weight, Shape const& weight_shape, Partition const& scale,
                                            Shape const& scale_shape, std::uint32_t ranks) {
  if (scale.kind == PartitionKind::replicated || ranks == 1) return std::nullopt;
  auto const axis = weight.axis;
  auto const block = block_of(weight_shape[axis], scale_shape[axis]);
  auto const aligned = weight.kind == PartitionKind::vocab_parallel
                           ? divided_up(weight_shape[axis], ranks) % block == 0
                           : std::ranges::all_of(weight.sections, [&](Section const& section) {
                               return section.size % block == 0 && cut_at_blocks(section, block, ranks);
                             });
  if (aligned) return std::nullopt;
  return "there is a scale for every " + std::to_string(block) + " elements along axis " + std::to_string(axis) +
         ", but with " + std::to_string(ranks) + " tensor-parallel ranks the weight's parts do not end there";
}

}  // namespace distload::rules
