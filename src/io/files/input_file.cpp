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
InputFile::InputFile(std::string path, Caching caching)
    : path_(std::move(path)), descriptor_(path_, O_RDONLY | (caching == Caching::none ? O_DIRECT : 0)) {
  if (descriptor_.get() < 0) throw IoError("cannot open " + path_ + ": " + system_reason());
}

Bytes InputFile::size_bytes() const {
  struct stat status {};
  if (fstat(descriptor_.get(), &status) != 0) throw IoError("cannot examine " + path_ + ": " + system_reason());
  return static_cast<Bytes>(status.st_size);
}

void InputFile::forget_cached() const {
  auto const error = posix_fadvise(descriptor_.get(), 0, 0, POSIX_FADV_DONTNEED);
  if (error != 0) throw IoError(path_ + ": posix_fadvise: " + system_reason(error));
}

Bytes InputFile::read_at(Bytes offset_bytes, std::span<std::byte> destination) const {
  Bytes done = 0;
  while (done < destination.size()) {
    auto const wanted = std::min<Bytes>(destination.size() - done, kMostBytesPerCall);
    auto const got =
        pread(descriptor_.get(), destination.data() + done, wanted, static_cast<off_t>(offset_bytes + done));
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
