/// Trial: one way of getting bytes somewhere, with what carries it out once.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "bench/measure.hpp"

namespace distload {

struct Trial {
  Contender contender;
  std::function<void(Contender&)> run;  ///< collective: adds one sample
};

/// A bare operation, which itself has no limit.
Contender bare(std::string name, Bytes nbytes);

/// Something that is held against the bare operation of number `limit`.
Contender held_against(std::size_t limit, std::string name, Bytes nbytes);

}  // namespace distload
