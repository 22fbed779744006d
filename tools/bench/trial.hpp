/// Trial: a contender with the functions that run it.
#pragma once

#include <functional>

#include "bench/measure.hpp"

namespace distload {

struct Trial {
  Contender contender;
  std::function<void()> prepare;        ///< collective: makes what must be there before a run; called once, not timed
  std::function<void(Contender&)> run;  ///< collective: adds one sample
};

}  // namespace distload
