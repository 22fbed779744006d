// Groups and the end of the process.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include "python/bindings.hpp"
#include "python/call.hpp"
#include "python/group.hpp"
#include "python/runtime.hpp"

namespace distload::python {

namespace nb = nanobind;

void add_groups(nb::module_& module) {
  nb::class_<Group>(module, "Group", "The ranks that load a model together.")
      .def_prop_ro(
          "rank", [](Group const& group) { return group.world().rank(); }, "This rank's number in the group.")
      .def_prop_ro(
          "size", [](Group const& group) { return group.world().size(); }, "Ranks of the group.")
      .def_prop_ro(
          "node_rank", [](Group const& group) { return group.node().rank(); },
          "This rank's number among those of its node.")
      .def(
          "barrier", [](Group& group) { call([&group] { group.world().barrier(); }); },
          "Collective: returns when all ranks have called it.")
      .def_prop_ro("uses_mpi", &Group::uses_mpi, "True if the ranks communicate by MPI.");

  constexpr auto kKept = nb::rv_policy::reference;
  module.def("mpi_runs", &mpi_runs);
  module.def(
      "world_group", [] { return call([] { return &world_group(); }); }, kKept);
  module.def(
      "group_of_mpi",
      [](int handle, std::string const& library) {
        return call([handle, library] { return &group_of_mpi(handle, library); });
      },
      nb::arg("fortran_handle"), nb::arg("library_version"), kKept);
  module.def(
      "group_of_python", [](nb::object const& ranks) { return &group_of_python(ranks); }, nb::arg("ranks"), kKept);
  module.def("own_group", &own_group, kKept);
  module.def("finish", &finish, nb::arg("has_failed"));
}

}  // namespace distload::python
