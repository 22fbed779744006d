/// MpiFile: a file that a group of ranks reads together; the only wrapper of MPI's file functions.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include <mpi.h>

#include <distload/base/bytes.hpp>

#include "io/mpi/mpi_info.hpp"

namespace distload {

/// A range of a file and its destination.
struct FilePart {
  Bytes offset_bytes = 0;
  std::span<std::byte> destination;
};

/// Owns an MPI_File. Move-only. Only `close` closes it: closing is collective, and a destructor may run on one rank
/// alone.
class MpiFile {
 public:
  /// Collective over `ranks`.
  /// @throws IoError  MPI refuses to open `path`.
  MpiFile(MPI_Comm ranks, std::string path, MpiInfo const& hints);
  ~MpiFile() = default;
  MpiFile(MpiFile&& other) noexcept;
  MpiFile& operator=(MpiFile&& other) noexcept;
  MpiFile(MpiFile const&) = delete;
  MpiFile& operator=(MpiFile const&) = delete;

  /// Current size of the file.
  /// @throws IoError  MPI refuses.
  Bytes size_bytes() const;

  /// Collective: each rank reads its parts with one MPI-IO call. The parts of a rank are in ascending order of offsets,
  /// do not overlap, have less than 2 GiB together and may be empty. They must lie inside the file: MPI-IO does not
  /// always report a read that is cut at the end of the file.
  /// @throws IoError  names the file, the byte range and MPI's reason.
  void read_all(std::span<FilePart const> parts);

  /// Collective: closes the file.
  /// @throws IoError  MPI refuses.
  void close();

 private:
  std::string path_;
  MPI_File file_ = MPI_FILE_NULL;
};

}  // namespace distload
