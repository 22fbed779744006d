// Recognises HDF5 files by signature and consistency flags.
#include "checkpoint/hdf5/superblock.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include <distload/base/error.hpp>

namespace distload::hdf5 {
namespace {

constexpr std::array<char, 8> kSignature{'\x89', 'H', 'D', 'F', '\r', '\n', '\x1a', '\n'};
constexpr std::size_t kVersionByte = 8;
constexpr std::size_t kFlagsByte = 11;
constexpr unsigned kOpenForWriting = 1;

/// True if a superblock begins at `offset`; stores its first 12 bytes in `bytes`.
bool read_signature(std::ifstream& file, Bytes offset, std::array<char, 12>& bytes) {
  file.clear();
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return file.good() && std::equal(kSignature.begin(), kSignature.end(), bytes.begin());
}

}  // namespace

PlainFile check_superblock(std::string const& path) {
  std::error_code error;
  auto const status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) throw NoValidCheckpoint(path + ": no such file");
  if (error) throw IoError(path + ": " + error.message());
  if (!std::filesystem::is_regular_file(status)) throw NoValidCheckpoint(path + " is not an HDF5 file: it is no file");
  auto const size = std::filesystem::file_size(path, error);
  if (error) throw IoError(path + ": " + error.message());

  std::ifstream file(path, std::ios::binary);
  if (!file) throw IoError(path + " cannot be opened: " + std::strerror(errno));
  std::array<char, 12> bytes{};
  // After a user block, the superblock is at 512 bytes or a power of two times that.
  Bytes offset = 0;
  while (!read_signature(file, offset, bytes)) {
    offset = offset == 0 ? 512 : 2 * offset;
    if (offset >= size) throw NoValidCheckpoint(path + " is not an HDF5 file");
  }
  bool const is_marked =
      bytes[kVersionByte] >= 3 && (static_cast<unsigned char>(bytes[kFlagsByte]) & kOpenForWriting) != 0;
  if (is_marked) {
    throw NoValidCheckpoint(path + " is being written, or its writer died: HDF5 has not closed it");
  }
  return {{path, size}, std::move(file)};
}

}  // namespace distload::hdf5
