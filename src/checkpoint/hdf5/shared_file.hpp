/// SharedFile: a created file that all ranks open to write its tensors.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include <mpi.h>

#include <distload/checkpoint/catalog.hpp>

#include "checkpoint/hdf5/handle.hpp"

namespace distload::hdf5 {

/// Owns a file that a group of ranks has opened through MPI-IO. Closing is collective, so the destructor, which may run
/// on one rank alone while an exception unwinds, leaves the file open.
class SharedFile {
 public:
  /// Collective over `ranks`.
  /// @throws IoError  HDF5 or the system refuses.
  SharedFile(std::string path, MPI_Comm ranks);
  ~SharedFile();
  SharedFile(SharedFile const&) = delete;
  SharedFile& operator=(SharedFile const&) = delete;

  /// Writes a box of a tensor from consecutive bytes. Not collective: for boxes that are contiguous in the file, ROMIO
  /// makes the same writes in a collective transfer, at the same speed (measured), and an independent write can fail on
  /// one rank without blocking others.
  /// @throws IoError  HDF5 or the system refuses.
  void write(TensorInfo const& tensor, Box const& box, std::byte const* bytes);

  /// Called if one rank cannot write HDF5's own structures while all ranks close the file: the close never returns on
  /// any rank. Gets the reason and does not return.
  using LastResort = std::function<void(std::string const& why)>;

  /// Collective: closes the file.
  /// @throws IoError  HDF5 refuses.
  void close(LastResort const& failure_ranks);

 private:
  /// The last written tensor; consecutive writes are mostly to the same tensor.
  struct OpenTensor {
    std::string name;
    Dataset dataset;
    Datatype type;
    Dataspace space;
  };
  OpenTensor& open(TensorInfo const& tensor);

  std::string path_;
  File file_;
  Group tensors_;
  std::optional<OpenTensor> last_;
};

}  // namespace distload::hdf5
