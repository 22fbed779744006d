/// A function of Python as a ProgressSink.
#pragma once

#include <memory>

#include <nanobind/nanobind.h>

#include <distload/load/progress.hpp>

#include "base/log.hpp"

namespace distload::python {

/// Says that this thread is inside a progress function while it lives.
class ProgressCall {
 public:
  ProgressCall() noexcept { is_inside_ = true; }
  ~ProgressCall() { is_inside_ = false; }
  ProgressCall(ProgressCall const&) = delete;
  ProgressCall& operator=(ProgressCall const&) = delete;

  static bool is_inside() noexcept { return is_inside_; }

 private:
  inline static thread_local bool is_inside_ = false;
};

/// Calls `function(phase, done_bytes, total_bytes, seconds)` with the interpreter's lock, from threads of the library.
/// What it raises is logged, since the load of the other ranks goes on. None: an empty sink.
inline ProgressSink progress_sink(nanobind::object const& function) {
  if (function.is_none()) return {};
  // The last copy may be destroyed without the lock.
  std::shared_ptr<PyObject> const held(function.inc_ref().ptr(), [](PyObject* object) {
    if (Py_IsInitialized() == 0) return;
    nanobind::gil_scoped_acquire const lock;
    Py_DECREF(object);
  });
  return [held](ProgressEvent const& event) {
    nanobind::gil_scoped_acquire const lock;
    ProgressCall const inside;
    try {
      nanobind::handle(held.get())(nanobind::str(event.phase.data(), event.phase.size()), event.done, event.total,
                                   event.seconds);
    } catch (nanobind::python_error& error) {
      log().warn("the progress function failed: {}", error.what());
    }
  };
}

}  // namespace distload::python
