/// MpiFile: a file that a group of ranks reads together, the only place that calls MPI's file functions.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include <mpi.h>

#include <distload/base/bytes.hpp>

#include "io/mpi_info.hpp"

namespace distload {

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

  /// Collective: fills `destination` (below 2 GiB, may be empty) from `offset_bytes` on, each rank for itself.
  /// @returns the bytes read, fewer than asked for only where the file ends.
  /// @throws IoError  naming the file, the byte range and MPI's reason.
  Bytes read_at_all(Bytes offset_bytes, std::span<std::byte> destination);

  /// Collective: closes the file.
  /// @throws IoError  MPI refuses.
  void close();

 private:
  std::string path_;
  MPI_File file_ = MPI_FILE_NULL;
};

}  // namespace distload
