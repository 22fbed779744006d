// MPI-IO calls and their checks. File handles return errors by default, whatever the communicator does.
#include "io/mpi_file.hpp"

#include <utility>

#include <distload/base/error.hpp>

#include "parallel/mpi_check.hpp"

namespace distload {
namespace {

void check(int status, std::string const& what) {
  if (status != MPI_SUCCESS) throw IoError(what + ": " + detail::mpi_error_text(status));
}

}  // namespace

MpiFile::MpiFile(MPI_Comm ranks, std::string path, MpiInfo const& hints) : path_(std::move(path)) {
  check(MPI_File_open(ranks, path_.c_str(), MPI_MODE_RDONLY, hints.native(), &file_), "cannot open " + path_);
}

MpiFile::MpiFile(MpiFile&& other) noexcept
    : path_(std::move(other.path_)), file_(std::exchange(other.file_, MPI_FILE_NULL)) {}

MpiFile& MpiFile::operator=(MpiFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(file_, other.file_);
  return *this;
}

Bytes MpiFile::read_at_all(Bytes offset_bytes, std::span<std::byte> destination) {
  MPI_Status status{};
  check(MPI_File_read_at_all(file_, static_cast<MPI_Offset>(offset_bytes), destination.data(),
                             static_cast<int>(destination.size()), MPI_BYTE, &status),
        "cannot read " + path_ + ", bytes [" + std::to_string(offset_bytes) + ", " +
            std::to_string(offset_bytes + destination.size()) + ")");
  int count = 0;
  DISTLOAD_MPI(MPI_Get_count(&status, MPI_BYTE, &count));
  return static_cast<Bytes>(count);
}

void MpiFile::close() {
  if (file_ != MPI_FILE_NULL) check(MPI_File_close(&file_), "cannot close " + path_);
}

}  // namespace distload
