/// Exceptions of distload as exceptions of Python, one class for each.
#pragma once

#include <nanobind/nanobind.h>

namespace distload::python {

/// Translates the library's exceptions into the classes of Python that `set_errors` gets, by their exit codes.
void add_errors(nanobind::module_& core);

}  // namespace distload::python
