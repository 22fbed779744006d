// Blocks of a weight's cut axis.
#include "partition/scale_cut.hpp"

#include <algorithm>

#include "partition/rules/rule_problem.hpp"

namespace distload::rules {
namespace {

constexpr std::string_view kEndings[] = {"_scale_inv", "_scale"};

std::uint64_t divided_up(std::uint64_t size, std::uint64_t parts) { return size / parts + (size % parts != 0 ? 1 : 0); }

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

ScaleCut cut_scale(Partition const& weight, Shape const& weight_shape, Shape const& scale_shape,
                   std::optional<std::uint64_t> block) {
  auto const axis = weight.axis;
  if (weight.kind == PartitionKind::replicated || volume(scale_shape) <= 1) return {};
  // One scale for each row of a matrix that is cut along its columns.
  if (axis >= scale_shape.size() || scale_shape[axis] == 1) return {};
  auto const size = weight_shape[axis];
  auto const scales = scale_shape[axis];
  // One for each row, whatever the blocks of other weights are.
  if (scales == size) block = 1;
  if (!block && size % scales == 0) block = size / scales;
  if (!block || divided_up(size, *block) != scales) {
    throw RuleProblem("its " + std::to_string(scales) + " elements along axis " + std::to_string(axis) +
                      " are not one for each " + (block ? "block of " + std::to_string(*block) : "of equal blocks") +
                      " of the weight's " + std::to_string(size));
  }
  ScaleCut scale{{weight.kind, axis, {}}, *block};
  auto const whole_blocks =
      std::ranges::all_of(weight.sections, [&](Section const& section) { return section.size % *block == 0; });
  if (!whole_blocks) {
    scale.partition.sections = {{scales, 1, false, false}};
    return scale;
  }
  for (auto const& section : weight.sections) {
    auto const whole_units = section.unit % *block == 0;
    scale.partition.sections.push_back({section.size / *block, whole_units ? section.unit / *block : 1,
                                        section.replicate_units && whole_units, section.uneven && whole_units});
  }
  return scale;
}

std::optional<std::string> misaligned_scale(Partition const& weight, Shape const& weight_shape, ScaleCut const& scale,
                                            std::uint32_t ranks) {
  if (scale.partition.kind == PartitionKind::replicated || ranks == 1) return std::nullopt;
  auto const axis = weight.axis;
  auto const aligned = weight.kind == PartitionKind::vocab_parallel
                           ? divided_up(weight_shape[axis], ranks) % scale.block == 0
                           : std::ranges::all_of(weight.sections, [&](Section const& section) {
                               return section.size % scale.block == 0 && cut_at_blocks(section, scale.block, ranks);
                             });
  if (aligned) return std::nullopt;
  return "there is a scale for every " + std::to_string(scale.block) + " elements along axis " + std::to_string(axis) +
         ", but with " + std::to_string(ranks) + " tensor-parallel ranks the weight's parts do not end there";
}

}  // namespace distload::rules
