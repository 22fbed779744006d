/// Companions: the tensors that hold a quantized weight, and those beside it, as the formats of the rules describe
/// them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

#include "partition/rules/config_values.hpp"
#include "partition/rules/rules.hpp"
#include "partition/rules/sizes.hpp"

namespace distload::rules {

/// How an axis of a stored tensor follows one of a weight.
struct Follows {
  std::size_t axis = 0;      ///< of the stored tensor
  std::uint64_t block = 1;   ///< elements of the weight that are stored together
  std::uint64_t stored = 1;  ///< in so many elements

  friend bool operator==(Follows const&, Follows const&) = default;
};

/// By axis of a weight: the axis of a stored tensor that follows it; nothing if each stored element is for all of it.
using AxisMap = std::vector<std::optional<Follows>>;

/// The axes of a weight in the order in which its rule sees them.
struct WeightAxes {
  std::size_t out = 0;
  std::size_t in = 1;
};

/// A tensor that stores a weight in packed form.
struct PackedWeight {
  std::size_t format = 0;  ///< index in the rule set
  std::string name;        ///< of the weight: "q_proj.weight" for "q_proj.qweight"
};

/// A weight as its rule sees it, unpacked.
struct UnpackedWeight {
  Shape shape;
  AxisMap axes;               ///< of the packed tensor
  std::size_t by_module = 0;  ///< which value the format's size `by_module` has: 0 for that of config.json
};

/// A tensor beside a weight.
struct Companion {
  std::uint32_t weight = 0;  ///< index into `Catalog::tensors` of the weight as it is stored
  std::size_t format = 0;    ///< index in the rule set
  std::size_t entry = 0;     ///< index in the format's `beside`
  bool is_active = true;     ///< config.json says that the model is in this format
  /// As in `UnpackedWeight`.
  std::size_t by_module = 0;
};

/// The formats of a rule set, for one model.
class Companions {
 public:
  /// All arguments must outlive the object.
  Companions(Catalog const& catalog, RuleSet const& set, ConfigValues const& config);

  /// The weight that a tensor stores in packed form; nothing if it does not.
  std::optional<PackedWeight> packed(std::uint32_t tensor) const;

  /// The weight of the companion `name`; nothing if no format has that name, or the weight does not exist. Formats that
  /// config.json does not name are the last choice: they do not say how to cut it, but that the two belong together.
  std::optional<Companion> find(std::string_view name) const;

  /// The names of weights that a tensor of this name stores or stands beside in one of the model's formats, whether or
  /// not the model has them.
  std::vector<std::string> possible_weights(std::string_view name) const;

  /// The unpacked shape of a weight.
  /// @param reversed   the rule sees its last two axes as [in, out]
  /// @param by_module  which value of the format's size, below `values_by_module`
  /// @throws RuleProblem  the tensor has not the axes of the format.
  /// @throws ConfigProblem  config.json lacks a size of the format.
  UnpackedWeight unpack(PackedWeight const& weight, Shape const& stored, bool reversed,
                        std::size_t by_module = 0) const;

  /// The number of values that the format's size `by_module` may have, with that of config.json; 1 without such a size.
  std::size_t values_by_module(std::size_t format) const { return sizes_[format].size(); }

  /// Which axes of a weight those of a companion follow.
  /// @param weight  shape of the weight as its rule sees it
  /// @param cut     its axis that is cut; blocks of any size along the other ones are not compared with the shape
  /// @throws RuleProblem  the shape is none of those that the format allows.
  AxisMap follow(Companion const& companion, Shape const& weight, WeightAxes axes, std::size_t cut,
                 Shape const& shape) const;

  /// The same for a companion and the stored tensor of its weight that both have rules of their own: only which axes
  /// belong together, without blocks. Nothing if the shapes have not the axes of the format.
  std::optional<AxisMap> follow_stored(Companion const& companion, Shape const& weight, Shape const& shape) const;

  /// Why a format cannot be cut along an axis; nothing if it can. Without `cut`: at all.
  std::optional<std::string> refused(std::size_t format, std::optional<WeightAxis> cut) const;

  /// The number of elements that share a scale along an axis of a weight, if config.json gives it.
  /// @throws ConfigProblem  config.json says that no elements do.
  std::optional<std::uint64_t> block_along(Companion const& companion, WeightAxis axis) const;

  Format const& format(std::size_t index) const { return set_.formats[index]; }

 private:
  /// The tensor that stores the weight of that name, if it is in the format.
  TensorInfo const* stored_in(std::size_t format, std::string_view weight) const;
  std::optional<Companion> find_in(std::size_t format, std::string_view name) const;
  /// Elements of a weight that are stored together along an axis, and in how many; the axis has blocks of a known size.
  Follows ratio_of(std::size_t format, std::size_t by_module, FormatAxis const& axis) const;
  std::uint32_t index_of(TensorInfo const& tensor) const;

  Catalog const& catalog_;
  RuleSet const& set_;
  ConfigValues const& config_;
  std::deque<std::vector<SizeDefinition>> definitions_;  ///< of `sizes_`, where they are not the format's own
  std::vector<std::vector<Sizes>> sizes_;                ///< by format, and by the value of its size `by_module`
  std::vector<std::size_t> active_;  ///< formats that the model may be in, those of packed weights first
  std::vector<std::size_t> others_;
};

/// The weight in the same module, or with the same name stem, as a tensor of unknown kind; nullptr if there is none.
TensorInfo const* weight_beside(Catalog const& catalog, std::string_view name);

}  // namespace distload::rules
