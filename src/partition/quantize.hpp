/// Quantizer: how releases store the weights of a quantized model, by the formats of the rules.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "partition/describe_model.hpp"
#include "partition/rules/model_rules.hpp"
#include "partition/rules/rules.hpp"
#include "partition/rules/sizes.hpp"

namespace distload::rules {

class Quantizer {
 public:
  /// `model` must outlive the object. Its quantization_config chooses the formats.
  /// @throws ConfigProblem  quantization_config names a method, but no format writes it.
  explicit Quantizer(ModelRules const& model);

  /// The tensors that store a weight: one packed or of another type, and those beside it. Nothing if it is not
  /// quantized.
  /// @param rule  that matches it
  /// @throws RuleProblem  its shape is no multiple of what the format stores together.
  std::optional<std::vector<TensorDescription>> quantized(TensorDescription const& weight, Rule const& rule) const;

 private:
  struct Choice {
    Format const* format;
    WrittenFormat const* written;
    std::size_t sizes;
  };

  bool is_ignored(std::string_view weight) const;
  std::vector<TensorDescription> stored_by(Choice const& choice, TensorDescription const& weight,
                                           Rule const& rule) const;

  RuleSet const& set_;
  ConfigValues const& config_;
  std::vector<Sizes> sizes_;
  std::vector<Choice> choices_;
  std::vector<std::string> ignored_;  ///< entries of quantization_config
};

}  // namespace distload::rules
