/// SharedFile: the tensors of a created file, opened by all ranks to be written.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include <mpi.h>

#include <distload/checkpoint/catalog.hpp>

#include "checkpoint/hdf5/handle.hpp"

namespace distload::hdf5 {

/// Owns a file that a group of ranks has open through MPI-IO. Closing it is collective, so that the destructor, which
/// may run on one rank alone while an exception unwinds, leaves it open.
class SharedFile {
 public:
  /// Collective over `ranks`.
  /// @throws IoError  HDF5 or the system refuses.
  SharedFile(std::string path, MPI_Comm ranks);
  ~SharedFile();
  SharedFile(SharedFile const&) = delete;
  SharedFile& operator=(SharedFile const&) = delete;

  /// Writes a box of a tensor from consecutive bytes. Not collective: for boxes that are contiguous in the file, ROMIO
  /// makes the same writes of a collective transfer, at the same speed (measured), and an independent one can fail on
  /// one rank without stopping others.
  /// @throws IoError  HDF5 or the system refuses.
  void write(TensorInfo const& tensor, Box const& box, std::byte const* bytes);

  /// What is left to do where one rank cannot write HDF5's own structures while all close the file: HDF5 does not come
  /// back from that on any rank. Is told why, and does not return.
  using LastResort = std::function<void(std::string const& why)>;

  /// Collective: closes the file.
  /// @throws IoError  HDF5 refuses.
  void close(LastResort const& failure_ranks);

 private:
  /// The tensor written last: its parts mostly come one after the other.
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
