// POSIX files: continues interrupted and partial reads; every other failure is an IoError.
#include "io/files/input_file.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <distload/base/error.hpp>

#include "base/system.hpp"

namespace distload {
namespace {

/// Linux transfers at most 2 GiB - 4 KiB per call; a power of two below that keeps the following reads aligned.
constexpr Bytes kMostBytesPerCall = kGiB;

}  // namespace

InputFile::InputFile(std::string path, Caching caching)
    : path_(std::move(path)),
      descriptor_(open(path_.c_str(), O_RDONLY | O_CLOEXEC | (caching == Caching::none ? O_DIRECT : 0))) {
  if (descriptor_ < 0) throw IoError("cannot open " + path_ + ": " + system_reason());
}

InputFile::~InputFile() {
  // Errors of close lose no data, since nothing was written.
  if (descriptor_ >= 0) close(descriptor_);
}

InputFile::InputFile(InputFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

InputFile& InputFile::operator=(InputFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

Bytes InputFile::size_bytes() const {
  struct stat status {};
  if (fstat(descriptor_, &status) != 0) throw IoError("cannot examine " + path_ + ": " + system_reason());
  return static_cast<Bytes>(status.st_size);
}

void InputFile::forget_cached() const {
  auto const error = posix_fadvise(descriptor_, 0, 0, POSIX_FADV_DONTNEED);
  if (error != 0) throw IoError(path_ + ": posix_fadvise: " + system_reason(error));
}

Bytes InputFile::read_at(Bytes offset_bytes, std::span<std::byte> destination) const {
  Bytes done = 0;
  while (done < destination.size()) {
    auto const wanted = std::min<Bytes>(destination.size() - done, kMostBytesPerCall);
    auto const got = pread(descriptor_, destination.data() + done, wanted, static_cast<off_t>(offset_bytes + done));
    if (got == 0) break;
    if (got > 0) {
      done += static_cast<Bytes>(got);
    } else if (errno != EINTR) {
      throw IoError("cannot read " + path_ + ", bytes [" + std::to_string(offset_bytes + done) + ", " +
                    std::to_string(offset_bytes + done + wanted) + "): " + system_reason());
    }
  }
  return done;
}

}  // namespace distload
