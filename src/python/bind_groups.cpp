// Groups and the end of the process.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "python/bindings.hpp"
#include "python/call.hpp"
#include "python/group.hpp"
#include "python/runtime.hpp"

namespace distload::python {

namespace nb = nanobind;

namespace {

/// Collective.
std::vector<std::string> texts_of(Group& group, std::string const& own) {
  std::vector<std::string> texts(group.world().size());
  for (std::uint32_t rank = 0; rank < texts.size(); ++rank) {
    auto const bytes = std::as_bytes(std::span(own));
    auto const message = broadcast_message(
        group.world(),
        rank == group.world().rank() ? std::vector(bytes.begin(), bytes.end()) : std::vector<std::byte>(), rank);
    texts[rank].assign(reinterpret_cast<char const*>(message.data()), message.size());
  }
  return texts;
}

}  // namespace

void add_groups(nb::module_& core) {
  nb::class_<Group>(core, "Group", "The ranks that load a model together.")
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
      .def(
          "all_gather_text",
          [](Group& group, std::string const& text) { return call([&group, text] { return texts_of(group, text); }); },
          nb::arg("text"), "Collective: the text of every rank, by rank.")
      .def_prop_ro(
          "identity", [](Group const& group) { return reinterpret_cast<std::uintptr_t>(&group); },
          "Equal for objects that are the same group.")
      .def_prop_ro("uses_mpi", &Group::uses_mpi, "True if the ranks communicate by MPI.");

  constexpr auto kKept = nb::rv_policy::reference;
  core.def("mpi_runs", &mpi_runs);
  core.def(
      "world_group", [] { return call([] { return &world_group(); }); }, kKept);
  core.def(
      "group_of_mpi",
      [](int handle, std::string const& library) {
        return call([handle, library] { return &group_of_mpi(handle, library); });
      },
      nb::arg("fortran_handle"), nb::arg("library_version"), kKept);
  core.def(
      "group_of_python", [](nb::object const& ranks) { return &group_of_python(ranks); }, nb::arg("ranks"), kKept);
  core.def("own_group", &own_group, kKept);
  core.def("finish", &finish, nb::arg("has_failed"));
}

}  // namespace distload::python
