/// Trial: a contender with the function that runs it once.
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

/// A raw operation, which has no limit.
Contender bare(std::string name, Bytes nbytes);

/// An operation that is compared with raw operation number `limit`.
Contender compared_with(std::size_t limit, std::string name, Bytes nbytes);

}  // namespace distload
