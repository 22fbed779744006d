// The calls that change what is in a file, and those that put it on storage.
#include <algorithm>
#include <cerrno>
#include <cstdarg>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "failure.hpp"
#include "next_call.hpp"
#include "undo_log.hpp"
#include "watched.hpp"

namespace fl = distload::file_layer;

namespace {

/// What comes before a write. @returns false if it is to fail.
bool begin_write(int descriptor, off_t offset, std::size_t length, fl::CallKind kind = fl::CallKind::write) {
  auto const file = fl::watched_file(descriptor);
  if (!file) return true;
  if (fl::call_fails(kind)) return false;
  if (fl::records()) fl::record_write(descriptor, *file, offset, length);
  return true;
}

/// Where write() would write.
off_t position_of(int descriptor) {
  auto const appends = (::fcntl(descriptor, F_GETFL) & O_APPEND) != 0;
  return ::lseek(descriptor, 0, appends ? SEEK_END : SEEK_CUR);
}

std::size_t length_of(iovec const* vectors, int count) {
  std::size_t length = 0;
  for (int i = 0; i < count; ++i) length += vectors[i].iov_len;
  return length;
}

bool begin_resize(int descriptor, off_t size, bool only_grows) {
  auto const file = fl::watched_file(descriptor);
  if (!file) return true;
  if (fl::call_fails(fl::CallKind::allocate)) return false;
  if (fl::records()) fl::record_resize(descriptor, *file, only_grows ? std::max(size, file->size) : size);
  return true;
}

template <class Call>
int sync(int descriptor, Call* next) {
  auto const file = fl::watched_file(descriptor);
  if (file && fl::call_fails(fl::CallKind::fsync)) return -1;
  auto const began = fl::time_now();
  auto const result = next(descriptor);
  if (result == 0 && file && fl::records()) fl::record_sync(*file, began);
  return result;
}

}  // namespace

extern "C" {

ssize_t write(int descriptor, void const* bytes, std::size_t length) {
  static auto* const next = fl::next_call<decltype(::write)>("write");
  if (fl::watched_file(descriptor) && !begin_write(descriptor, position_of(descriptor), length)) return -1;
  return next(descriptor, bytes, length);
}

ssize_t writev(int descriptor, iovec const* vectors, int count) {
  static auto* const next = fl::next_call<decltype(::writev)>("writev");
  if (fl::watched_file(descriptor) && !begin_write(descriptor, position_of(descriptor), length_of(vectors, count)))
    return -1;
  return next(descriptor, vectors, count);
}

ssize_t pwrite(int descriptor, void const* bytes, std::size_t length, off_t offset) {
  static auto* const next = fl::next_call<decltype(::pwrite)>("pwrite");
  return begin_write(descriptor, offset, length) ? next(descriptor, bytes, length, offset) : -1;
}

ssize_t pwrite64(int descriptor, void const* bytes, std::size_t length, off64_t offset) {
  return ::pwrite(descriptor, bytes, length, offset);
}

ssize_t pwritev(int descriptor, iovec const* vectors, int count, off_t offset) {
  static auto* const next = fl::next_call<decltype(::pwritev)>("pwritev");
  return begin_write(descriptor, offset, length_of(vectors, count)) ? next(descriptor, vectors, count, offset) : -1;
}

ssize_t pwritev64(int descriptor, iovec const* vectors, int count, off64_t offset) {
  return ::pwritev(descriptor, vectors, count, offset);
}

ssize_t copy_file_range(int from, off64_t* from_offset, int to, off64_t* to_offset, std::size_t length,
                        unsigned flags) {
  static auto* const next = fl::next_call<decltype(::copy_file_range)>("copy_file_range");
  auto const offset = to_offset != nullptr ? *to_offset : ::lseek(to, 0, SEEK_CUR);
  if (!begin_write(to, offset, length, fl::CallKind::copy)) return -1;
  return next(from, from_offset, to, to_offset, length, flags);
}

int ioctl(int descriptor, unsigned long request, ...) {
  static auto* const next = fl::next_call<int(int, unsigned long, ...)>("ioctl");
  std::va_list rest;
  va_start(rest, request);
  auto* const argument = va_arg(rest, void*);
  va_end(rest);
  if (request == FICLONERANGE) {
    auto const& range = *static_cast<file_clone_range const*>(argument);
    auto const offset = static_cast<off_t>(range.dest_offset);
    if (!begin_write(descriptor, offset, range.src_length, fl::CallKind::copy)) return -1;
  }
  return next(descriptor, request, argument);
}

int ftruncate(int descriptor, off_t size) noexcept {
  static auto* const next = fl::next_call<decltype(::ftruncate)>("ftruncate");
  return begin_resize(descriptor, size, false) ? next(descriptor, size) : -1;
}

int ftruncate64(int descriptor, off64_t size) noexcept { return ::ftruncate(descriptor, size); }

int fallocate(int descriptor, int mode, off_t offset, off_t length) {
  static auto* const next = fl::next_call<decltype(::fallocate)>("fallocate");
  auto const end = (mode & FALLOC_FL_KEEP_SIZE) != 0 ? 0 : offset + length;
  return begin_resize(descriptor, end, true) ? next(descriptor, mode, offset, length) : -1;
}

int fallocate64(int descriptor, int mode, off64_t offset, off64_t length) {
  return ::fallocate(descriptor, mode, offset, length);
}

int posix_fallocate(int descriptor, off_t offset, off_t length) {
  static auto* const next = fl::next_call<decltype(::posix_fallocate)>("posix_fallocate");
  return begin_resize(descriptor, offset + length, true) ? next(descriptor, offset, length) : errno;
}

int posix_fallocate64(int descriptor, off64_t offset, off64_t length) {
  return ::posix_fallocate(descriptor, offset, length);
}

int fsync(int descriptor) {
  static auto* const next = fl::next_call<decltype(::fsync)>("fsync");
  return sync(descriptor, next);
}

int fdatasync(int descriptor) {
  static auto* const next = fl::next_call<decltype(::fdatasync)>("fdatasync");
  return sync(descriptor, next);
}

}  // extern "C"
