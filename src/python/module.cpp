// The extension module distload._core. `distload` (Python) is what its users call.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <distload/version.hpp>

#include "config/data_directories.hpp"
#include "device/survey.hpp"
#include "python/bindings.hpp"
#include "python/errors.hpp"

NB_MODULE(_core, core) {
  namespace python = distload::python;
  // Models may live as long as the interpreter, which would report them as leaks.
  nanobind::set_leak_warnings(false);
  core.attr("version") = DISTLOAD_VERSION;
  core.attr("built_for_devices") = distload::is_built_for_devices();
  core.def("add_data_directory", [](std::string const& folder) { distload::add_data_directory(folder); });
  python::add_errors(core);
  python::add_groups(core);
  python::add_tensors(core);
  python::add_models(core);
  python::add_parallel_models(core);
  python::add_saver(core);
  python::add_reader(core);
  python::add_tools(core);
}
