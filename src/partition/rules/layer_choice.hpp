/// LayerChoice: the layers that have a tensor, where others have none: `layers: sparse`, `layers: {from: 1}`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "partition/rules/condition.hpp"
#include "partition/rules/config_values.hpp"
#include "partition/rules/expression.hpp"
#include "partition/rules/sizes.hpp"

namespace distload::rules {

/// Layers for which all of this holds.
struct LayerRange {
  std::optional<Expression> from;     ///< the first
  std::optional<Expression> to;       ///< the one behind the last
  std::optional<Expression> every;    ///< the last of each so many: layers 1, 3, 5 of every 2
  std::optional<Expression> at;       ///< another one of each so many, counted from 0: `at` 0, layers 0, 2, 4
  std::optional<std::string> except;  ///< key of config.json: a list of layers that are not meant
  std::optional<std::string> only;    ///< key of config.json: the list of the layers, if it is there
  std::vector<Condition> when;        ///< on items of the layer
};

/// A named set of layers: those of any of its ranges.
struct LayerKind {
  std::string name;
  std::vector<LayerRange> any_of;
};

/// A set of layers in an entry: a kind, what is not of that kind, or a range.
struct LayerChoice {
  std::string kind;  ///< empty: `range`; `kExtraKind`: those behind the model's own
  bool is_negated = false;
  LayerRange range;
};

/// The kind of the layers that are numbered after `layers`.
inline constexpr char const* kExtraKind = "extra";

/// Determines the layers of choices, for one model.
class LayerFinder {
 public:
  /// The references must outlive the object.
  LayerFinder(std::vector<LayerKind> const& kinds, std::vector<Flag> const& flags, Sizes const& sizes,
              ConfigValues const& config)
      : kinds_(kinds), flags_(flags), sizes_(sizes), config_(config) {}

  /// The layers, ascending, of any of `choices` for which all conditions of `when` hold. Without choices: of all below
  /// `layers`.
  /// @param layers  the number of layers of the stack
  /// @param extra   the number of layers behind them
  /// @throws ConfigProblem  config.json lacks a size that a choice needs.
  std::vector<std::uint32_t> find(std::vector<LayerChoice> const& choices, std::vector<Condition> const& when,
                                  std::uint64_t layers, std::uint64_t extra) const;

 private:
  bool is_in(LayerRange const& range, std::uint32_t layer) const;
  bool is_in(LayerChoice const& choice, std::uint32_t layer, std::uint64_t layers) const;
  /// True if the list at `key` has the number.
  bool lists(std::string const& key, std::uint32_t layer) const;

  std::vector<LayerKind> const& kinds_;
  std::vector<Flag> const& flags_;
  Sizes const& sizes_;
  ConfigValues const& config_;
};

}  // namespace distload::rules
