// The extension module distload._core. `distload` (Python) is what its users call.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <distload/version.hpp>

#include "config/data_directories.hpp"
#include "device/survey.hpp"
#include "python/bindings.hpp"
#include "python/errors.hpp"

NB_MODULE(_core, module) {
  namespace python = distload::python;
  // Models may live as long as the interpreter, which would report them as leaks.
  nanobind::set_leak_warnings(false);
  module.attr("version") = DISTLOAD_VERSION;
  module.attr("built_for_devices") = distload::is_built_for_devices();
  module.def("add_data_directory", [](std::string const& folder) { distload::add_data_directory(folder); });
  python::add_errors(module);
  python::add_groups(module);
  python::add_tensors(module);
  python::add_models(module);
  python::add_parallel_models(module);
  python::add_saver(module);
  python::add_reader(module);
  python::add_tools(module);
}
