/// RuleProblem: why a rule cannot be applied to a parameter. All of a model's become one ConfigError.
#pragma once

#include <stdexcept>

namespace distload::rules {

class RuleProblem : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What is wrong with a value of config.json, whatever the parameter. One of them is a model's ConfigError by itself,
/// so that it is not said again for every parameter.
class ConfigProblem : public RuleProblem {
 public:
  using RuleProblem::RuleProblem;
};

}  // namespace distload::rules
