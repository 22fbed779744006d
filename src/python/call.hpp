/// call: a long call of the library, from Python.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <nanobind/nanobind.h>

#include "python/runtime.hpp"
#include "python/worker.hpp"

namespace distload::python {

/// @throws ConfigError  this process was forked after distload had been used, or a progress function makes the call.
void check_may_call();

/// Runs `work` without the interpreter's lock and returns its result. It runs on the worker thread, so that Ctrl-C ends
/// the call, unless MPI allows only its own thread. `work` owns all that it uses: see run_interruptible.
template <class Call>
auto call(Call work) {
  using Result = std::invoke_result_t<Call>;
  check_may_call();
  if (!may_use_a_thread()) {
    nanobind::gil_scoped_release const unlocked;
    return work();
  }
  if constexpr (std::is_void_v<Result>) {
    run_interruptible(std::move(work));
  } else {
    auto const result = std::make_shared<std::optional<Result>>();
    run_interruptible([result, work = std::make_shared<Call>(std::move(work))] { result->emplace((*work)()); });
    return *std::move(*result);
  }
}

}  // namespace distload::python
