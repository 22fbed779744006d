/// Computes a Partition from a rule and a tensor's shape.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <distload/partition/model_layout.hpp>
#include <distload/partition/partition.hpp>

#include "partition/rules/rules.hpp"
#include "partition/rules/sizes.hpp"

namespace distload::rules {

/// A rule with its sizes evaluated, once for all tensors that it matches.
class SizedRule {
 public:
  /// Sizes that cannot be evaluated make `partition_of` throw. `rule` must outlive the object.
  SizedRule(Rule const& rule, Sizes const& sizes);

  /// @throws RuleProblem  a tensor of that name and shape contradicts the rule or config.json.
  void check_shape(std::string_view name, Shape const& shape) const;

  /// The partition of a tensor of shape `shape`; independent of the number of ranks.
  /// @param head  the number in the name, if it has one
  /// @throws RuleProblem  the sizes contradict the shape.
  Partition partition_of(Shape const& shape, std::optional<std::uint32_t> head = std::nullopt) const;

  /// For `indivisible`.
  CutWords const& words() const noexcept { return words_; }

 private:
  struct Section {
    std::optional<std::uint64_t> size;
    std::optional<std::uint64_t> heads;
    std::uint64_t unit = 1;
  };

  /// Elements of section `index` along an axis of `extent`.
  std::uint64_t size_of(std::size_t index, std::uint64_t extent) const;

  /// The partition of a tensor that is one of several heads.
  Partition partition_of_head(std::uint64_t extent, std::uint32_t head) const;

  Rule const& rule_;
  std::vector<Section> sections_;
  std::uint32_t groups_ = 1;
  std::vector<std::optional<std::uint64_t>> shape_;  ///< sizes that are known
  std::vector<std::string> shape_words_;             ///< what they are
  CutWords words_;
  std::string problem_;
  std::optional<std::string> vocabulary_key_;  ///< of config.json, if the rule is for a vocabulary of that size
};

}  // namespace distload::rules
