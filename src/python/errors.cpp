// Translates exceptions.
#include "python/errors.hpp"

#include <distload/base/error.hpp>

namespace distload::python {
namespace {

namespace nb = nanobind;

/// Classes by exit code; it lives as long as the interpreter.
PyObject* classes = nullptr;

void translate(std::exception_ptr const& thrown, void* /*payload*/) {
  try {
    std::rethrow_exception(thrown);
  } catch (Error const& error) {
    auto* kind = PyExc_RuntimeError;
    if (classes != nullptr) {
      auto const code = nb::int_(static_cast<int>(error.code()));
      if (auto* const found = PyDict_GetItem(classes, code.ptr())) kind = found;
    }
    PyErr_SetString(kind, error.what());
  }
}

}  // namespace

void add_errors(nb::module_& core) {
  core.def(
      "set_errors",
      [](nb::typed<nb::dict, int, nb::type_object> const& by_exit_code) { classes = by_exit_code.inc_ref().ptr(); },
      nb::arg("by_exit_code"));
  nb::register_exception_translator(translate);
}

}  // namespace distload::python
