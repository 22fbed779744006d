/// From a rule and a tensor's shape to a Partition.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <distload/partition/partition.hpp>

#include "partition/rules/rules.hpp"
#include "partition/rules/sizes.hpp"

namespace distload::rules {

/// A rule's sizes as numbers, once for all the tensors that it matches.
class SizedRule {
 public:
  /// A size that cannot be evaluated is kept for `partition_of` to throw. `rule` outlives the object.
  SizedRule(Rule const& rule, Sizes const& sizes);

  /// @throws RuleProblem if a tensor of that name and shape is not what the rule and config.json say.
  void check_shape(std::string_view name, Shape const& shape) const;

  /// How a tensor of shape `shape` is cut, whatever the number of ranks.
  /// @throws RuleProblem if the sizes contradict the shape.
  Partition partition_of(Shape const& shape) const;

  /// Why `partition`, made by this rule, cannot be shared out among `ranks`; nothing if it can.
  std::optional<std::string> indivisible(Partition const& partition, std::uint32_t ranks) const;

 private:
  struct Section {
    std::optional<std::uint64_t> size;
    std::optional<std::uint64_t> heads;
    std::uint64_t unit = 1;
  };

  /// Elements of section `index` along an axis of `extent`.
  std::uint64_t size_of(std::size_t index, std::uint64_t extent) const;

  Rule const& rule_;
  std::vector<Section> sections_;
  std::vector<std::optional<std::uint64_t>> shape_;  ///< what is known of it
  std::string problem_;
};

}  // namespace distload::rules
