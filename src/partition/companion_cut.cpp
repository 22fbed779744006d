// Maps the blocks of a weight's partitioned axis to a stored tensor.
#include "partition/companion_cut.hpp"

#include <algorithm>

#include <distload/base/bytes.hpp>

namespace distload::rules {
namespace {

/// Sizes of corresponding blocks of the weight and of the stored tensor.
struct Ratio {
  std::uint64_t weight = 1;
  std::uint64_t stored = 1;
};

std::string along(std::size_t axis) { return " along axis " + std::to_string(axis); }

std::optional<Ratio> ratio_by_size(std::uint64_t weight, std::uint64_t stored, std::optional<std::uint64_t> block) {
  // One element per element of the weight; block sizes do not matter.
  if (stored == weight) return Ratio{};
  if (block && *block != 0 && divide_up(weight, *block) == stored) return Ratio{*block, 1};
  if (stored != 0 && weight % stored == 0) return Ratio{weight / stored, 1};
  if (weight != 0 && stored % weight == 0) return Ratio{1, stored / weight};
  return std::nullopt;
}

/// True if the ranks' parts of both sections end at corresponding elements.
bool sections_correspond(Section const& weight, Section const& stored, Ratio const& ratio, std::uint32_t ranks) {
  if (weight.size * ratio.stored != stored.size * ratio.weight) return false;
  auto const even = weight.size / weight.unit % ranks == 0;
  if (even != (stored.size / stored.unit % ranks == 0)) return false;
  if (even) return true;
  return weight.unit * ratio.stored == stored.unit * ratio.weight && weight.uneven == stored.uneven &&
         weight.replicate_units == stored.replicate_units;
}

bool cuts_correspond(CutTensor const& weight, CutTensor const& stored, Ratio const& ratio, std::uint32_t ranks) {
  if ((weight.partition.kind == PartitionKind::vocab_parallel) !=
      (stored.partition.kind == PartitionKind::vocab_parallel))
    return false;
  if (weight.partition.kind == PartitionKind::vocab_parallel) {
    auto const part = divide_up(weight.shape[weight.partition.axis], ranks);
    auto const of_stored = divide_up(stored.shape[stored.partition.axis], ranks);
    return part * ratio.stored == of_stored * ratio.weight;
  }
  return std::ranges::equal(
      weight.partition.sections, stored.partition.sections,
      [&](Section const& a, Section const& b) { return sections_correspond(a, b, ratio, ranks); });
}

std::optional<std::string> misfit_of(CutTensor const& weight, CutTensor const& stored, AxisMap const& axes,
                                     std::uint32_t ranks, auto const& ratio_along) {
  if (ranks == 1 || stored.partition.kind == PartitionKind::replicated || volume(stored.shape) <= 1)
    return std::nullopt;
  auto const axis = stored.partition.axis;
  if (weight.partition.kind == PartitionKind::replicated)
    return "cut" + along(axis) + ", though every rank holds all of the weight";
  auto const cut = weight.partition.axis;
  auto const belongs = cut < axes.size() ? axes[cut] : std::nullopt;
  if (!belongs || belongs->axis != axis)
    return "cut" + along(axis) + ", which is not the one that goes with the weight's axis " + std::to_string(cut) +
           ", where that is cut";
  std::optional<Ratio> const ratio = ratio_along(*belongs);
  if (ratio && cuts_correspond(weight, stored, *ratio, ranks)) return std::nullopt;
  if (!ratio || ratio->weight == 1) return "cut at other places than the weight, along axis " + std::to_string(axis);
  return "there is a scale for every " + std::to_string(ratio->weight) + " elements" + along(cut) + ", but with " +
         std::to_string(ranks) + " tensor-parallel ranks the weight's parts do not end there";
}

}  // namespace

Partition cut_like(Partition const& weight, AxisMap const& axes, Shape const& shape) {
  if (volume(shape) <= 1 || weight.kind == PartitionKind::replicated) return {};
  auto const& follows = axes[weight.axis];
  if (!follows) return {};
  auto const axis = follows->axis;
  auto const block = follows->block;
  auto const stored = follows->stored;
  Partition cut{weight.kind, static_cast<std::uint32_t>(axis), {}};
  auto const whole_blocks =
      std::ranges::all_of(weight.sections, [&](Section const& section) { return section.size % block == 0; });
  if (!whole_blocks) {
    // Only the part of a single rank consists of whole blocks.
    auto const elements = shape[axis];
    cut.sections = {{.size = elements, .unit = std::max<std::uint64_t>(elements, 1)}};
    return cut;
  }
  for (auto const& section : weight.sections) {
    auto const whole_units = section.unit % block == 0;
    cut.sections.push_back({section.size / block * stored, (whole_units ? section.unit / block : 1) * stored,
                            section.replicate_units && whole_units, section.uneven && whole_units});
  }
  return cut;
}

std::optional<std::string> misfit(CutTensor const& weight, CutTensor const& stored, AxisMap const& axes,
                                  std::uint32_t ranks) {
  return misfit_of(weight, stored, axes, ranks, [](Follows const& follows) {
    return std::optional(Ratio{follows.block, follows.stored});
  });
}

std::optional<std::string> misfit_by_size(CutTensor const& weight, CutTensor const& stored, AxisMap const& axes,
                                          std::optional<std::uint64_t> block, std::uint32_t ranks) {
  return misfit_of(weight, stored, axes, ranks, [&](Follows const& follows) {
    return ratio_by_size(weight.shape[weight.partition.axis], stored.shape[follows.axis], block);
  });
}

}  // namespace distload::rules
