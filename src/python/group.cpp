// Makes groups, each once.
#include "python/group.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include <mpi.h>

#include <distload/base/error.hpp>

#include "base/fault.hpp"
#include "base/log.hpp"
#include "parallel/mpi_check.hpp"
#include "parallel/mpi_communicator.hpp"
#include "python/python_communicator.hpp"
#include "python/runtime.hpp"
#include "python/self_communicator.hpp"

namespace distload::python {
namespace {

namespace nb = nanobind;

/// The groups of this process, by what they were made of. Handles of MPI may be given out again once a communicator is
/// freed; then the ranks differ.
struct Groups {
  std::unique_ptr<Group> world;
  std::unique_ptr<Group> own;
  std::vector<std::pair<int, std::unique_ptr<Group>>> of_mpi;
  std::vector<std::pair<PyObject*, std::unique_ptr<Group>>> of_python;
};

/// Never destroyed by itself: freeing communicators is collective.
Groups& groups() {
  static auto* const the_groups = new Groups;
  return *the_groups;
}

/// The first rank of a group prints messages.
Group& introduced(Group& group) {
  set_fault_rank(group.world().rank());
  print_on_this_rank(group.world().rank() == 0);
  return group;
}

/// Some versions of MPI count a NUL as a part of their text.
std::string up_to_nul(std::string const& text) { return text.substr(0, text.find('\0')); }

std::string whole_library_version() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  DISTLOAD_MPI(MPI_Get_library_version(text.data(), &length));
  return up_to_nul({text.data(), static_cast<std::size_t>(length)});
}

std::unique_ptr<Group> owning_group(std::unique_ptr<Communicator> world, std::unique_ptr<Communicator> node,
                                    bool uses_mpi) {
  auto& the_world = *world;
  auto& the_node = *node;
  std::vector<std::unique_ptr<Communicator>> owned;
  owned.push_back(std::move(node));
  owned.push_back(std::move(world));
  return std::make_unique<Group>(the_world, the_node, std::move(owned), uses_mpi);
}

bool has_ranks_of(Group const& group, MPI_Comm comm) {
  int result = MPI_UNEQUAL;
  DISTLOAD_MPI(MPI_Comm_compare(native_mpi(group.world()), comm, &result));
  return result == MPI_IDENT || result == MPI_CONGRUENT;
}

}  // namespace

Group::Group(Communicator& world, Communicator& node, std::vector<std::unique_ptr<Communicator>> owned, bool uses_mpi)
    : world_(&world), node_(&node), owned_(std::move(owned)), uses_mpi_(uses_mpi) {}

ProcessGrid const& Group::grid(Topology const& topology) {
  auto const found = std::ranges::find_if(grids_, [&](auto const& grid) { return grid->topology() == topology; });
  if (found != grids_.end()) return **found;
  return *grids_.emplace_back(std::make_unique<ProcessGrid>(*world_, *node_, topology));
}

ReplicaGroups const& Group::replica_groups(ProcessGrid const& grid) {
  auto const found =
      std::ranges::find_if(replica_groups_, [&](auto const& groups) { return &groups->compute().grid() == &grid; });
  if (found != replica_groups_.end()) return **found;
  return *replica_groups_.emplace_back(std::make_unique<ReplicaGroups>(grid));
}

Group& world_group() {
  auto& known = groups().world;
  if (known == nullptr) {
    auto& environment = mpi();
    known = std::make_unique<Group>(environment.world(), environment.node(),
                                    std::vector<std::unique_ptr<Communicator>>(), /*uses_mpi=*/true);
    introduced(*known);
  }
  return *known;
}

Group& group_of_mpi(int fortran_handle, std::string const& library) {
  auto const own = whole_library_version();
  if (up_to_nul(library) != own) {
    throw ConfigError("the communicator is of another MPI library (" + up_to_nul(library) +
                      ") than the one that distload has loaded (" + own + "): build mpi4py and distload with the same");
  }
  auto* const comm = MPI_Comm_f2c(fortran_handle);
  auto& known = groups().of_mpi;
  for (auto const& [handle, group] : known) {
    if (handle == fortran_handle && has_ranks_of(*group, comm)) return *group;
  }
  // Not the environment of `mpi`, which all ranks of the job make: others may have no part in this.
  auto world = MpiCommunicator::duplicate(comm, {});
  auto node = world->split_by_node();
  auto group = owning_group(std::move(world), std::move(node), /*uses_mpi=*/true);
  return introduced(*known.emplace_back(fortran_handle, std::move(group)).second);
}

Group& group_of_python(nb::object const& ranks) {
  auto& known = groups().of_python;
  auto const found = std::ranges::find(known, ranks.ptr(), [](auto const& each) { return each.first; });
  if (found != known.end()) return *found->second;
  auto world = std::make_unique<PythonCommunicator>(ranks);
  auto node = world->split_by_node();
  auto group = owning_group(std::move(world), std::move(node), /*uses_mpi=*/false);
  return introduced(*known.emplace_back(ranks.ptr(), std::move(group)).second);
}

Group& own_group() {
  auto& known = groups().own;
  if (known == nullptr) {
    known = owning_group(std::make_unique<SelfCommunicator>(), std::make_unique<SelfCommunicator>(),
                         /*uses_mpi=*/false);
  }
  return *known;
}

void release_groups() {
  auto& known = groups();
  known.own.reset();
  known.of_python.clear();
  known.of_mpi.clear();
  known.world.reset();
}

}  // namespace distload::python
