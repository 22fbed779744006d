// Maps the blocks of a weight's partitioned axis to its companion.
#include "partition/companion_cut.hpp"

#include <algorithm>

#include <distload/base/bytes.hpp>

#include "partition/rules/rule_problem.hpp"

namespace distload::rules {
namespace {

/// Sizes of corresponding blocks of the weight and of the companion; one of the two is 1.
struct Ratio {
  std::uint64_t weight = 1;
  std::uint64_t companion = 1;
};

std::string along(std::size_t axis) { return " along axis " + std::to_string(axis); }

/// True for shapes [..., out / block, 1, in / block, 1].
bool has_single_axes(Shape const& weight, Shape const& companion) {
  auto const axes = weight.size();
  return axes >= 2 && companion.size() == axes + 2 && companion[axes - 1] == 1 && companion[axes + 1] == 1;
}

/// The axis of a companion with one element per block that corresponds to an axis of the weight; nothing if there is
/// none.
std::optional<std::size_t> axis_of_blocks(Shape const& weight, Shape const& companion, std::size_t axis) {
  if (has_single_axes(weight, companion)) return axis + 1 < weight.size() ? axis : axis + 1;
  if (companion.size() > weight.size()) {
    throw RuleProblem("its " + std::to_string(companion.size()) + " axes do not go with the weight's " +
                      std::to_string(weight.size()));
  }
  return axis < companion.size() ? std::optional(axis) : std::nullopt;
}

/// The same for any companion. A companion of the inputs has one element per input along its last axis.
std::optional<std::size_t> axis_of(Follows follows, CutTensor const& weight, Shape const& companion) {
  if (follows == Follows::blocks) return axis_of_blocks(weight.shape, companion, weight.partition.axis);
  if (follows == Follows::nothing || weight.partition.kind != PartitionKind::row_parallel) return std::nullopt;
  return companion.empty() ? std::nullopt : std::optional(companion.size() - 1);
}

std::optional<Ratio> ratio_along(CutTensor const& weight, std::uint64_t elements, BlockSizes const& blocks) {
  auto const size = weight.shape[weight.partition.axis];
  // One element per element of the weight; block sizes do not matter.
  if (elements == size) return Ratio{};
  auto const block = blocks(weight.partition.axis, weight.shape.size());
  if (block && divide_up(size, *block) == elements) return Ratio{*block, 1};
  if (elements != 0 && size % elements == 0) return Ratio{size / elements, 1};
  if (size != 0 && elements % size == 0) return Ratio{1, elements / size};
  return std::nullopt;
}

[[noreturn]] void fail_for_blocks(CutTensor const& weight, std::size_t axis, std::uint64_t elements,
                                  BlockSizes const& blocks) {
  auto const block = blocks(weight.partition.axis, weight.shape.size());
  throw RuleProblem("its " + std::to_string(elements) + " elements" + along(axis) + " are not one for each of equal " +
                    "blocks" + (block ? " or blocks of " + std::to_string(*block) : "") + " of the weight's " +
                    std::to_string(weight.shape[weight.partition.axis]));
}

/// A companion with fewer axes than the weight must have the sizes of the weight's leading axes.
void check_leading_axes(Shape const& weight, Shape const& companion) {
  if (companion.size() >= weight.size()) return;
  for (std::size_t axis = 0; axis < companion.size(); ++axis) {
    if (companion[axis] == 1 || companion[axis] == weight[axis]) continue;
    throw RuleProblem("its " + std::to_string(companion[axis]) + " elements" + along(axis) +
                      " are not one for each of the weight's " + std::to_string(weight[axis]));
  }
}

Partition cut_inputs(CutTensor const& weight, Shape const& shape) {
  auto const axes = weight.shape.size();
  auto const is_row = weight.partition.kind == PartitionKind::row_parallel;
  auto const cut = weight.partition.axis;
  // A matrix has one axis besides its output axis; for a weight that is not partitioned it is the last.
  auto const inputs = is_row                                                            ? cut
                      : weight.partition.kind == PartitionKind::replicated || axes != 2 ? axes - 1
                                                                                        : std::size_t{1} - cut;
  auto const fits = axes >= 2 && shape.size() + 1 == axes && shape[axes - 2] == weight.shape[inputs] &&
                    std::ranges::equal(std::span(shape).first(axes - 2), std::span(weight.shape).first(axes - 2));
  if (!fits) throw RuleProblem("it is not one for each of the weight's inputs");
  if (!is_row) return {};
  auto partition = weight.partition;
  partition.axis = static_cast<std::uint32_t>(shape.size() - 1);
  return partition;
}

/// True if the ranks' parts of both sections end at corresponding elements.
bool cuts_correspond(Section const& weight, Section const& companion, Ratio const& ratio, std::uint32_t ranks) {
  if (weight.size * ratio.companion != companion.size * ratio.weight) return false;
  auto const even = weight.size / weight.unit % ranks == 0;
  if (even != (companion.size / companion.unit % ranks == 0)) return false;
  if (even) return true;
  return weight.unit * ratio.companion == companion.unit * ratio.weight && weight.uneven == companion.uneven &&
         weight.replicate_units == companion.replicate_units;
}

bool cuts_correspond(CutTensor const& weight, CutTensor const& companion, Ratio const& ratio, std::uint32_t ranks) {
  if ((weight.partition.kind == PartitionKind::vocab_parallel) !=
      (companion.partition.kind == PartitionKind::vocab_parallel))
    return false;
  if (weight.partition.kind == PartitionKind::vocab_parallel) {
    auto const part = divide_up(weight.shape[weight.partition.axis], ranks);
    auto const of_companion = divide_up(companion.shape[companion.partition.axis], ranks);
    return part * ratio.companion == of_companion * ratio.weight;
  }
  return std::ranges::equal(weight.partition.sections, companion.partition.sections,
                            [&](Section const& a, Section const& b) { return cuts_correspond(a, b, ratio, ranks); });
}

}  // namespace

Partition cut_companion(Follows follows, CutTensor const& weight, Shape const& shape, BlockSizes const& blocks) {
  if (volume(shape) <= 1) return {};
  if (follows == Follows::nothing) {
    throw RuleProblem("it has " + std::to_string(volume(shape)) +
                      " elements, but it is only known how one for the whole weight goes with it");
  }
  if (follows == Follows::input) return cut_inputs(weight, shape);
  check_leading_axes(weight.shape, shape);
  auto const& partition = weight.partition;
  auto const axis = axis_of_blocks(weight.shape, shape, partition.axis);
  if (partition.kind == PartitionKind::replicated || !axis || shape[*axis] == 1) return {};
  auto const elements = shape[*axis];
  auto const ratio = ratio_along(weight, elements, blocks);
  if (!ratio || ratio->companion != 1) fail_for_blocks(weight, *axis, elements, blocks);
  auto const block = ratio->weight;
  Partition cut{partition.kind, static_cast<std::uint32_t>(*axis), {}};
  auto const whole_blocks =
      std::ranges::all_of(partition.sections, [&](Section const& section) { return section.size % block == 0; });
  if (!whole_blocks) {
    // Only the part of a single rank consists of whole blocks.
    cut.sections = {{.size = elements, .unit = elements}};
    return cut;
  }
  for (auto const& section : partition.sections) {
    auto const whole_units = section.unit % block == 0;
    cut.sections.push_back({section.size / block, whole_units ? section.unit / block : 1,
                            section.replicate_units && whole_units, section.uneven && whole_units});
  }
  return cut;
}

std::optional<std::string> misfit(Follows follows, CutTensor const& weight, CutTensor const& companion,
                                  BlockSizes const& blocks, std::uint32_t ranks) {
  if (ranks == 1 || companion.partition.kind == PartitionKind::replicated || volume(companion.shape) <= 1)
    return std::nullopt;
  auto const axis = companion.partition.axis;
  if (weight.partition.kind == PartitionKind::replicated)
    return "cut" + along(axis) + ", though every rank holds all of the weight";
  auto const belongs = axis_of(follows, weight, companion.shape);
  if (belongs != axis)
    return "cut" + along(axis) + ", which is not the one that goes with the weight's axis " +
           std::to_string(weight.partition.axis) + ", where that is cut";
  auto const ratio = ratio_along(weight, companion.shape[axis], blocks);
  if (ratio && cuts_correspond(weight, companion, *ratio, ranks)) return std::nullopt;
  if (!ratio || ratio->weight == 1) return "cut at other places than the weight, along axis " + std::to_string(axis);
  return "there is a scale for every " + std::to_string(ratio->weight) + " elements" + along(weight.partition.axis) +
         ", but with " + std::to_string(ranks) + " tensor-parallel ranks the weight's parts do not end there";
}

}  // namespace distload::rules
