// POSIX files: continues interrupted and partial writes; every other failure is an IoError.
#include "io/files/output_file.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <distload/base/error.hpp>

#include "base/system.hpp"
#include "io/files/input_file.hpp"

namespace distload {
void check_file_size(std::string const& path, Bytes needed) {
  auto const limit = file_size_limit();
  if (!limit || needed <= *limit) return;
  throw IoError(path + " needs a file of " + format_bytes(needed) + " (" + std::to_string(needed) +
                " bytes), but the file size limit (ulimit -f) is " + format_bytes(*limit) + " (" +
                std::to_string(*limit) + " bytes)");
}

OutputFile::OutputFile(std::string path, int flags) : path_(std::move(path)), descriptor_(path_, flags | O_WRONLY) {
  if (descriptor_.get() >= 0) return;
  if (errno == EEXIST) throw IoError(path_ + " has just been created by another process");
  throw IoError("cannot open " + path_ + " for writing: " + system_reason());
}

OutputFile OutputFile::create(std::string path, Bytes size_bytes) {
  OutputFile file(std::move(path), O_CREAT | O_TRUNC);
  if (size_bytes > 0) file.allocate(size_bytes);
  return file;
}

OutputFile OutputFile::create_new(std::string path) { return {std::move(path), O_CREAT | O_EXCL | O_NOFOLLOW}; }

OutputFile OutputFile::open(std::string path, Caching caching) {
  return {std::move(path), caching == Caching::none ? O_DIRECT : 0};
}

void OutputFile::allocate(Bytes size_bytes) const {
  // Checked first, because exceeding the limit may end the process by SIGXFSZ.
  check_file_size(path_, size_bytes);
  auto const size = static_cast<off_t>(size_bytes);
  int result = -1;
  do {
    result = fallocate(descriptor_.get(), 0, 0, size);
  } while (result != 0 && errno == EINTR);
  if (result == 0) return;
  if (errno != EOPNOTSUPP) {
    auto const reason = system_reason();
    struct statvfs space {};
    auto const is_known = fstatvfs(descriptor_.get(), &space) == 0;
    throw IoError("cannot get " + format_bytes(size_bytes) + " for " + path_ + ": " + reason +
                  (is_known ? " (" + format_bytes(Bytes{space.f_bavail} * space.f_frsize) + " available)" : ""));
  }
  if (ftruncate(descriptor_.get(), size) != 0)
    throw IoError("cannot set the size of " + path_ + ": " + system_reason());
}

void OutputFile::write_at(Bytes offset_bytes, std::span<std::byte const> bytes) const {
  while (!bytes.empty()) {
    auto const wanted = std::min<Bytes>(bytes.size(), kMostBytesPerCall);
    auto const written = pwrite(descriptor_.get(), bytes.data(), wanted, static_cast<off_t>(offset_bytes));
    if (written >= 0) {
      offset_bytes += static_cast<Bytes>(written);
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      throw IoError("cannot write " + path_ + " at byte " + std::to_string(offset_bytes) + ": " + system_reason());
    }
  }
}

CopyMethod OutputFile::clone_or_copy(InputFile const& from, Bytes from_offset, Bytes offset_bytes, Bytes nbytes,
                                     bool may_copy) const {
  file_clone_range const range{from.descriptor(), from_offset, nbytes, offset_bytes};
  if (ioctl(descriptor_.get(), FICLONERANGE, &range) == 0) return CopyMethod::shared;
  if (!may_copy) return CopyMethod::none;
  auto source = static_cast<off64_t>(from_offset);
  auto target = static_cast<off64_t>(offset_bytes);
  while (nbytes > 0) {
    auto const copied = copy_file_range(from.descriptor(), &source, descriptor_.get(), &target, nbytes, 0);
    if (copied == 0 || (copied < 0 && errno != EINTR)) return CopyMethod::none;
    if (copied > 0) nbytes -= static_cast<Bytes>(copied);
  }
  return CopyMethod::copied;
}

void OutputFile::start_writeback(Bytes offset_bytes, Bytes nbytes) const noexcept {
  static_cast<void>(sync_file_range(descriptor_.get(), static_cast<off64_t>(offset_bytes), static_cast<off64_t>(nbytes),
                                    SYNC_FILE_RANGE_WRITE));
}

void OutputFile::sync() const {
  if (fsync(descriptor_.get()) != 0) throw IoError("writing " + path_ + " to storage failed: " + system_reason());
}

void OutputFile::close() {
  if (!descriptor_.close()) throw IoError("cannot close " + path_ + ": " + system_reason());
}

}  // namespace distload
