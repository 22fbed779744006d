/// Group: the ranks that load a model together.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <nanobind/nanobind.h>

#include <distload/base/topology.hpp>
#include <distload/parallel/communicator.hpp>
#include <distload/parallel/process_grid.hpp>

#include "python/replica_groups.hpp"

namespace distload::python {

/// The communicators of a group, and its grids. Lives as long as the process, because models refer to it.
class Group {
 public:
  /// @param owned  communicators that the group frees at its end
  Group(Communicator& world, Communicator& node, std::vector<std::unique_ptr<Communicator>> owned, bool uses_mpi);

  ~Group() = default;
  Group(Group const&) = delete;
  Group& operator=(Group const&) = delete;

  Communicator& world() const noexcept { return *world_; }
  Communicator& node() const noexcept { return *node_; }
  /// True if parallel HDF5 can be used.
  bool uses_mpi() const noexcept { return uses_mpi_; }

  /// Collective: the grid of that topology, made at its first use.
  /// @throws ConfigError  as ProcessGrid.
  ProcessGrid const& grid(Topology const& topology);

  /// Collective: what models of that grid of this group compute with, made at its first use.
  /// @throws as ComputeGroups
  ReplicaGroups const& replica_groups(ProcessGrid const& grid);

 private:
  Communicator* world_;
  Communicator* node_;
  std::vector<std::unique_ptr<Communicator>> owned_;
  bool uses_mpi_;
  std::vector<std::unique_ptr<ProcessGrid>> grids_;
  std::vector<std::unique_ptr<ReplicaGroups>> replica_groups_;  ///< refer to grids
};

/// Collective over all ranks of MPI, at the first call: all of them.
Group& world_group();

/// Collective over the communicator, at its first call: the ranks of an MPI communicator.
/// @param fortran_handle  MPI_Comm_c2f of it
/// @param library         MPI_Get_library_version of the library that has made it
/// @throws ConfigError    it is another library than this module's.
Group& group_of_mpi(int fortran_handle, std::string const& library);

/// Collective over its ranks, at its first call: ranks that an object of Python communicates for
/// (PythonCommunicator). Later calls with the same object get the same group.
Group& group_of_python(nanobind::object const& ranks);

/// Local: this process alone, without MPI.
Group& own_group();

/// Collective: frees the communicators of all groups.
void release_groups();

}  // namespace distload::python
