/// failure_of: returns an exception about a checkpoint as a value.
#pragma once

#include <optional>
#include <utility>

#include <distload/base/error.hpp>

#include "parallel/failure.hpp"
#include "verify/outcome.hpp"

namespace distload {

/// Runs `work`; if that is collective, it must throw alike on all ranks. @returns its exception, if any.
/// @throws exceptions that are not about a checkpoint
template <class F>
std::optional<Failure> failure_of(F&& work) {
  try {
    std::forward<F>(work)();
  } catch (Error const& error) {
    if (!is_about_checkpoint(error.code())) throw;
    return Failure{error.code(), error.what()};
  }
  return std::nullopt;
}

}  // namespace distload
