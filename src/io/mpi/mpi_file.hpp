/// MpiFile: a file that a group of ranks reads together, the only place that calls MPI's file functions.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include <mpi.h>

#include <distload/base/bytes.hpp>

#include "io/mpi/mpi_info.hpp"

namespace distload {

/// A range of a file, and where it goes.
struct FilePart {
  Bytes offset_bytes = 0;
  std::span<std::byte> destination;
};

/// Owns an MPI_File. Move-only. Only `close` closes it: that is collective, and a destructor may run on one rank alone.
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

  /// Bytes of the file now.
  /// @throws IoError  MPI refuses.
  Bytes size_bytes() const;

  /// Collective: each rank reads its parts, in ascending order of their offsets and without overlap, of less than 2 GiB
  /// together, perhaps none; one call of MPI-IO for all of them. They lie within the file: MPI-IO does not always tell
  /// of a read that its end has cut.
  /// @throws IoError  naming the file, the byte range and MPI's reason.
  void read_all(std::span<FilePart const> parts);

  /// Collective: closes the file.
  /// @throws IoError  MPI refuses.
  void close();

 private:
  std::string path_;
  MPI_File file_ = MPI_FILE_NULL;
};

}  // namespace distload
