// The calls that change which names there are.
#include <cstdarg>
#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failure.hpp"
#include "next_call.hpp"
#include "undo_log.hpp"
#include "watched.hpp"

namespace fl = distload::file_layer;

namespace {

/// What comes before a file is opened. @returns false if that is to fail.
bool begin_open(int at, char const* path, int flags) {
  if ((flags & (O_CREAT | O_TRUNC)) == 0) return true;
  auto const name = fl::watched_name(at, path);
  if (!name) return true;
  if ((flags & O_CREAT) != 0 && fl::call_fails(fl::CallKind::create)) return false;
  if (!fl::records()) return true;
  if (name->inode == 0) {
    fl::record_create(*name);
  } else if ((flags & O_TRUNC) != 0) {
    static auto* const next_open = fl::next_call<int(char const*, int, ...)>("open");
    auto const descriptor = next_open(name->path.c_str(), O_RDONLY | O_CLOEXEC);
    if (auto const file = fl::watched_file(descriptor)) fl::record_resize(descriptor, *file, 0);
    ::close(descriptor);
  }
  return true;
}

/// The mode is there only where a file may be created.
mode_t mode_of(int flags, std::va_list rest) { return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0; }

void begin_unlink(int at, char const* path, bool is_directory) {
  auto const name = fl::records() ? fl::watched_name(at, path) : std::nullopt;
  if (!name || name->inode == 0 || S_ISDIR(name->mode) != is_directory) return;
  if (is_directory) {
    fl::record_rmdir(*name);
  } else {
    fl::record_unlink(*name);
  }
}

bool begin_rename(int from_at, char const* from, int to_at, char const* to, unsigned flags) {
  auto const source = fl::watched_name(from_at, from);
  auto const target = fl::watched_name(to_at, to);
  if (!source || !target) return true;
  if (fl::call_fails(fl::CallKind::rename)) return false;
  if (!fl::records() || source->inode == 0) return true;
  if ((flags & RENAME_EXCHANGE) != 0) {
    fl::record_exchange(*source, *target);
  } else if ((flags & RENAME_NOREPLACE) == 0 || target->inode == 0) {
    fl::record_rename(*source, *target);
  }
  return true;
}

bool begin_mkdir(int at, char const* path) {
  auto const name = fl::watched_name(at, path);
  if (!name) return true;
  if (fl::call_fails(fl::CallKind::mkdir)) return false;
  if (fl::records() && name->inode == 0) fl::record_mkdir(*name);
  return true;
}

void begin_link(int at, char const* path) {
  auto const name = fl::records() ? fl::watched_name(at, path) : std::nullopt;
  if (name && name->inode == 0) fl::record_create(*name);
}

}  // namespace

extern "C" {

int openat(int at, char const* path, int flags, ...) {
  static auto* const next = fl::next_call<int(int, char const*, int, ...)>("openat");
  std::va_list rest;
  va_start(rest, flags);
  auto const mode = mode_of(flags, rest);
  va_end(rest);
  return begin_open(at, path, flags) ? next(at, path, flags, mode) : -1;
}

int open(char const* path, int flags, ...) {
  static auto* const next = fl::next_call<int(char const*, int, ...)>("open");
  std::va_list rest;
  va_start(rest, flags);
  auto const mode = mode_of(flags, rest);
  va_end(rest);
  return begin_open(AT_FDCWD, path, flags) ? next(path, flags, mode) : -1;
}

int open64(char const* path, int flags, ...) {
  std::va_list rest;
  va_start(rest, flags);
  auto const mode = mode_of(flags, rest);
  va_end(rest);
  return ::open(path, flags, mode);
}

int creat(char const* path, mode_t mode) { return ::open(path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

int rename(char const* from, char const* to) noexcept {
  static auto* const next = fl::next_call<decltype(::rename)>("rename");
  return begin_rename(AT_FDCWD, from, AT_FDCWD, to, 0) ? next(from, to) : -1;
}

int renameat(int from_at, char const* from, int to_at, char const* to) noexcept {
  static auto* const next = fl::next_call<decltype(::renameat)>("renameat");
  return begin_rename(from_at, from, to_at, to, 0) ? next(from_at, from, to_at, to) : -1;
}

int renameat2(int from_at, char const* from, int to_at, char const* to, unsigned flags) noexcept {
  static auto* const next = fl::next_call<decltype(::renameat2)>("renameat2");
  return begin_rename(from_at, from, to_at, to, flags) ? next(from_at, from, to_at, to, flags) : -1;
}

int link(char const* from, char const* to) noexcept {
  static auto* const next = fl::next_call<decltype(::link)>("link");
  begin_link(AT_FDCWD, to);
  return next(from, to);
}

int linkat(int from_at, char const* from, int to_at, char const* to, int flags) noexcept {
  static auto* const next = fl::next_call<decltype(::linkat)>("linkat");
  begin_link(to_at, to);
  return next(from_at, from, to_at, to, flags);
}

int unlink(char const* path) noexcept {
  static auto* const next = fl::next_call<decltype(::unlink)>("unlink");
  begin_unlink(AT_FDCWD, path, false);
  return next(path);
}

int unlinkat(int at, char const* path, int flags) noexcept {
  static auto* const next = fl::next_call<decltype(::unlinkat)>("unlinkat");
  begin_unlink(at, path, (flags & AT_REMOVEDIR) != 0);
  return next(at, path, flags);
}

int remove(char const* path) noexcept {
  struct stat status {};
  auto const is_directory = ::lstat(path, &status) == 0 && S_ISDIR(status.st_mode);
  return is_directory ? ::rmdir(path) : ::unlink(path);
}

int rmdir(char const* path) noexcept {
  static auto* const next = fl::next_call<decltype(::rmdir)>("rmdir");
  begin_unlink(AT_FDCWD, path, true);
  return next(path);
}

int mkdir(char const* path, mode_t mode) noexcept {
  static auto* const next = fl::next_call<decltype(::mkdir)>("mkdir");
  return begin_mkdir(AT_FDCWD, path) ? next(path, mode) : -1;
}

int mkdirat(int at, char const* path, mode_t mode) noexcept {
  static auto* const next = fl::next_call<decltype(::mkdirat)>("mkdirat");
  return begin_mkdir(at, path) ? next(at, path, mode) : -1;
}

}  // extern "C"
