/// run_together: work of all ranks that must not begin unless all have got there.
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include <distload/base/error.hpp>
#include <distload/parallel/communicator.hpp>

#include "parallel/all_or_throw.hpp"

namespace distload {

/// Collective: runs an operation that is collective itself, or one that cannot be undone. Turns a failure into
/// everybody's.
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
