// POSIX files: interrupted and partial writes are continued, everything else is an IoError.
#include "io/output_file.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <distload/base/error.hpp>

#include "base/system.hpp"

namespace distload {
namespace {

/// Linux transfers at most 2 GiB - 4 KiB in one call.
constexpr Bytes kMostBytesPerCall = kGiB;

}  // namespace

OutputFile::OutputFile(std::string path, int flags)
    : path_(std::move(path)), descriptor_(::open(path_.c_str(), flags | O_WRONLY | O_CLOEXEC, 0666)) {
  if (descriptor_ < 0) throw IoError("cannot open " + path_ + " for writing: " + system_reason());
}

OutputFile OutputFile::create(std::string path, Bytes size_bytes) {
  OutputFile file(std::move(path), O_CREAT | O_TRUNC);
  auto const size = static_cast<off_t>(size_bytes);
  // Taken at once, so that a full storage is noticed before the work; where the file system cannot, the size has to do.
  if (size > 0 && fallocate(file.descriptor_, 0, 0, size) != 0) {
    if (errno != EOPNOTSUPP)
      throw IoError("cannot get " + format_bytes(size_bytes) + " for " + file.path_ + ": " + system_reason());
    if (ftruncate(file.descriptor_, size) != 0)
      throw IoError("cannot set the size of " + file.path_ + ": " + system_reason());
  }
  return file;
}

OutputFile OutputFile::open(std::string path) { return {std::move(path), 0}; }

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

void OutputFile::write_at(Bytes offset_bytes, std::span<std::byte const> bytes) const {
  while (!bytes.empty()) {
    auto const wanted = std::min<Bytes>(bytes.size(), kMostBytesPerCall);
    auto const written = pwrite(descriptor_, bytes.data(), wanted, static_cast<off_t>(offset_bytes));
    if (written >= 0) {
      offset_bytes += static_cast<Bytes>(written);
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      throw IoError("cannot write " + path_ + " at byte " + std::to_string(offset_bytes) + ": " + system_reason());
    }
  }
}

void OutputFile::close() {
  if (::close(std::exchange(descriptor_, -1)) != 0) throw IoError("cannot close " + path_ + ": " + system_reason());
}

}  // namespace distload
