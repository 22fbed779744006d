/// SharedInput: an HDF5 file that ranks have opened together.
#pragma once

#include <string>
#include <utility>

#include <mpi.h>

#include "checkpoint/hdf5/handle.hpp"
#include "io/mpi/mpi_info.hpp"

namespace distload {

/// Owns the file, but only `close` closes it: that is collective, and after a failure the other ranks may not take
/// part. MPI_Finalize closes files that are left open, if all ranks call it. Move-only.
class SharedInput {
 public:
  /// Collective over `ranks`: opens `path` for reading; one rank reads metadata and sends it to the others.
  /// @throws hdf5::Hdf5Error  HDF5 refuses.
  SharedInput(std::string path, MPI_Comm ranks, MpiInfo const& hints);
  ~SharedInput() { file_.release(); }
  SharedInput(SharedInput&&) noexcept = default;
  SharedInput& operator=(SharedInput&&) noexcept = default;
  SharedInput(SharedInput const&) = delete;
  SharedInput& operator=(SharedInput const&) = delete;

  std::string const& path() const noexcept { return path_; }
  hdf5::FileView view() const noexcept { return file_.view(); }

  /// Collective: closes the file.
  /// @throws hdf5::Hdf5Error  HDF5 refuses.
  void close() { file_.close(path_); }

 private:
  std::string path_;
  hdf5::File file_;
};

}  // namespace distload
