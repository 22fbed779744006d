/// RuleProblem: why a rule cannot be applied to a parameter. All of a model's become one ConfigError.
#pragma once

#include <stdexcept>

namespace distload::rules {

class RuleProblem : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace distload::rules
