/// run_together: runs collective work after all ranks have reached it.
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include <distload/base/error.hpp>
#include <distload/parallel/communicator.hpp>

#include "parallel/all_or_throw.hpp"

namespace distload {

/// Collective: runs an operation that is collective or cannot be undone. A failure on one rank becomes a failure of all
/// ranks.
template <class F>
void run_together(Communicator& ranks, std::string_view phase, F&& operation) {
  all_or_throw(ranks, phase, [] {});
  std::optional<Failure> failure;
  try {
    std::forward<F>(operation)();
  } catch (...) {
    failure = current_failure(phase);
  }
  if (auto const agreed = agree_on_failure(ranks, failure)) throw_error(agreed->code, agreed->message);
}

}  // namespace distload
