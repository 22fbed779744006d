/// RuleProblem: why a rule cannot be applied to a parameter. All problems of a model become one ConfigError.
#pragma once

#include <stdexcept>

namespace distload::rules {

class RuleProblem : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// An invalid value in config.json, independent of the parameter. Reported as one ConfigError for the model instead of
/// once per parameter.
class ConfigProblem : public RuleProblem {
 public:
  using RuleProblem::RuleProblem;
};

}  // namespace distload::rules
