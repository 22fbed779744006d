// Computes the sections of an axis and checks them against its size.
#include "partition/cut.hpp"

#include <utility>

#include <distload/base/bytes.hpp>

#include "partition/rules/rule_problem.hpp"

namespace distload::rules {
namespace {

/// No model has more heads; each is a section.
constexpr std::uint64_t kMaxGroups = 4096;

/// @throws RuleProblem  there are too many.
std::uint32_t as_groups(std::uint64_t count, std::string const& what) {
  if (count <= kMaxGroups) return static_cast<std::uint32_t>(count);
  throw RuleProblem(std::to_string(count) + " " + what + ", more than any model has (" + std::to_string(kMaxGroups) +
                    ")");
}

std::string along(std::uint32_t axis) { return " along axis " + std::to_string(axis); }

/// The sections of each group, one group after the other.
void repeat(std::vector<distload::Section>& sections, std::uint32_t groups) {
  if (groups == 1) return;
  auto const of_group = std::exchange(sections, {});
  sections.reserve(of_group.size() * groups);
  for (std::uint32_t group = 0; group < groups; ++group) {
    for (auto section : of_group) {
      section.group = group;
      section.groups = groups;
      sections.push_back(section);
    }
  }
}

}  // namespace

SizedRule::SizedRule(Rule const& rule, Sizes const& sizes) : rule_(rule) {
  try {
    for (auto const& section : rule.sections) {
      Section sized;
      words_.units.push_back(section.heads ? sizes.shown(*section.heads) : "");
      if (section.size) sized.size = sizes.positive(*section.size);
      if (section.heads) sized.heads = sizes.positive(*section.heads);
      if (section.unit) sized.unit = sizes.positive(*section.unit);
      sections_.push_back(sized);
    }
    if (rule.groups) {
      words_.groups = sizes.shown(*rule.groups);
      groups_ = as_groups(sizes.positive(*rule.groups), words_.groups);
    }
    for (auto const& size : rule.shape) {
      shape_.push_back(size ? sizes.find(*size) : std::nullopt);
      shape_words_.push_back(size ? sizes.shown_in_brackets(*size) : "");
    }
    if (rule.partition == PartitionKind::vocab_parallel && rule.sections.size() == 1 && rule.sections.front().size) {
      vocabulary_key_ = sizes.key_of(*rule.sections.front().size);
    }
  } catch (ConfigProblem const& problem) {
    problem_ = problem.what();
  }
}

void SizedRule::check_shape(std::string_view name, Shape const& shape) const {
  if (rule_.shape.empty()) return;
  if (!problem_.empty()) throw ConfigProblem(problem_);
  auto const axes = name.ends_with(".bias") ? 1 : shape_.size();
  if (shape.size() != axes) {
    throw RuleProblem("it should have " + std::to_string(axes) + (axes == 1 ? " axis" : " axes"));
  }
  for (std::size_t axis = 0; axis < axes; ++axis) {
    if (!shape_[axis] || *shape_[axis] == shape[axis]) continue;
    throw RuleProblem("config.json asks for " + std::to_string(*shape_[axis]) + " elements (" + shape_words_[axis] +
                      ")" + along(static_cast<std::uint32_t>(axis)) + ", but there are " + std::to_string(shape[axis]));
  }
}

Partition SizedRule::partition_of(Shape const& shape, std::optional<std::uint32_t> head) const {
  if (rule_.partition == PartitionKind::replicated) return {};
  if (!problem_.empty()) throw ConfigProblem(problem_);
  if (rule_.axis >= shape.size()) {
    throw RuleProblem(std::string(name_of(rule_.partition)) + along(rule_.axis) + " needs a tensor of at least " +
                      std::to_string(rule_.axis + 1) + " axes");
  }
  auto const extent = shape[rule_.axis];
  if (head) return partition_of_head(extent, *head);
  Partition partition{rule_.partition, rule_.axis, {}};
  if (sections_.empty()) {
    auto const count = rule_.equal_sections;
    if (extent % count != 0) {
      throw RuleProblem(std::to_string(extent) + " elements" + along(rule_.axis) + " are not " + std::to_string(count) +
                        " equal sections");
    }
    partition.sections.assign(count, {extent / count, 1, false, false});
    return partition;
  }

  std::uint64_t total = 0;
  std::string sum;
  for (std::size_t i = 0; i < sections_.size(); ++i) {
    auto const size = size_of(i, extent);
    auto const next = checked_add(total, size);
    if (!next) throw RuleProblem("the sections' sizes do not fit 64 bits");
    total = *next;
    sum += (i == 0 ? "" : " + ") + std::to_string(size);
    partition.sections.push_back(
        {.size = size, .unit = sections_[i].unit, .replicate_units = rule_.sections[i].replicate});
  }
  auto const of_group = checked_multiply(total, groups_);
  if (!of_group) throw RuleProblem("the sections' sizes do not fit 64 bits");
  if (*of_group != extent) {
    auto const& only = sections_.front();
    if (sections_.size() == 1 && only.heads) {
      sum = std::to_string(*only.heads) + " " + words_.units.front() + " x " + std::to_string(only.unit) + " = " + sum;
    } else if (sections_.size() > 1) {
      sum += " = " + std::to_string(total);
      if (groups_ > 1) sum = std::to_string(groups_) + " " + words_.groups + " of " + sum;
    }
    auto const found = std::to_string(extent);
    auto const way_out = vocabulary_key_ ? ": if tokens were added, " + *vocabulary_key_ + " must be " + found : "";
    throw RuleProblem("config.json asks for " + sum + " elements" + along(rule_.axis) + ", but there are " + found +
                      way_out);
  }
  repeat(partition.sections, groups_);
  return partition;
}

Partition SizedRule::partition_of_head(std::uint64_t extent, std::uint32_t head) const {
  auto const& section = sections_.front();
  auto const heads = as_groups(*section.heads, words_.units.front());
  if (head >= heads) {
    throw RuleProblem("config.json says that there are only " + std::to_string(heads) + " " + words_.units.front());
  }
  if (extent != section.unit) {
    throw RuleProblem("config.json asks for " + std::to_string(section.unit) + " elements" + along(rule_.axis) +
                      ", but there are " + std::to_string(extent));
  }
  return {rule_.partition,
          rule_.axis,
          {{.size = extent,
            .unit = extent,
            .replicate_units = rule_.sections.front().replicate,
            .group = head,
            .groups = heads}}};
}

std::uint64_t SizedRule::size_of(std::size_t index, std::uint64_t extent) const {
  auto const& section = sections_[index];
  auto size = section.size ? *section.size : extent;
  if (section.heads) {
    auto const product = checked_multiply(*section.heads, section.unit);
    if (!product || (section.size && *product != size)) {
      throw RuleProblem(std::to_string(*section.heads) + " " + words_.units[index] + " x " +
                        std::to_string(section.unit) + " are not the section's " + std::to_string(size) + " elements");
    }
    size = *product;
  }
  if (size % section.unit != 0) {
    throw RuleProblem(std::to_string(size) + " elements" + along(rule_.axis) + " are no whole number of units of " +
                      std::to_string(section.unit));
  }
  return size;
}

}  // namespace distload::rules
