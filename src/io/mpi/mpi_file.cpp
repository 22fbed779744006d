// MPI-IO calls and their checks. File handles return errors by default, independent of the communicator's error
// handler.
#include "io/mpi/mpi_file.hpp"

#include <utility>
#include <vector>

#include <distload/base/error.hpp>

#include "parallel/mpi_check.hpp"

namespace distload {
namespace {

void check(int status, std::string const& what) {
  if (status != MPI_SUCCESS) throw IoError(what + ": " + detail::mpi_error_text(status));
}

/// Owns a derived type of byte ranges.
class ByteRanges {
 public:
  ByteRanges(std::vector<int> const& lengths, std::vector<MPI_Aint> const& places) {
    if (lengths.empty()) return;
    DISTLOAD_MPI(
        MPI_Type_create_hindexed(static_cast<int>(lengths.size()), lengths.data(), places.data(), MPI_BYTE, &type_));
    DISTLOAD_MPI(MPI_Type_commit(&type_));
  }
  ~ByteRanges() {
    if (type_ != MPI_BYTE) MPI_Type_free(&type_);
  }
  ByteRanges(ByteRanges const&) = delete;
  ByteRanges& operator=(ByteRanges const&) = delete;

  MPI_Datatype native() const noexcept { return type_; }

 private:
  MPI_Datatype type_ = MPI_BYTE;  ///< the type of an empty list
};

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

Bytes MpiFile::size_bytes() const {
  MPI_Offset size = 0;
  check(MPI_File_get_size(file_, &size), "cannot examine " + path_);
  return static_cast<Bytes>(size);
}

void MpiFile::read_all(std::span<FilePart const> parts) {
  std::vector<int> lengths;
  std::vector<MPI_Aint> offsets;
  std::vector<MPI_Aint> addresses;
  for (auto const& part : parts) {
    lengths.push_back(static_cast<int>(part.destination.size()));
    offsets.push_back(static_cast<MPI_Aint>(part.offset_bytes));
    DISTLOAD_MPI(MPI_Get_address(part.destination.data(), &addresses.emplace_back()));
  }
  ByteRanges const in_file(lengths, offsets);
  ByteRanges const in_memory(lengths, addresses);
  auto const what =
      "cannot read " + path_ +
      (parts.empty() ? std::string() : ", from byte " + std::to_string(parts.front().offset_bytes) + " on");
  check(MPI_File_set_view(file_, 0, MPI_BYTE, in_file.native(), "native", MPI_INFO_NULL), what);
  MPI_Status status{};
  check(MPI_File_read_at_all(file_, 0, MPI_BOTTOM, parts.empty() ? 0 : 1, in_memory.native(), &status), what);
}

void MpiFile::close() {
  if (file_ != MPI_FILE_NULL) check(MPI_File_close(&file_), "cannot close " + path_);
}

}  // namespace distload
