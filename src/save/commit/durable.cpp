// fsync, rename and locks, checked.
#include "save/commit/durable.hpp"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <distload/base/error.hpp>

#include "base/descriptor.hpp"
#include "base/fault.hpp"
#include "base/log.hpp"
#include "base/system.hpp"
#include "checkpoint/file_name.hpp"
#include "save/commit/file_space.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(std::string const& what, std::string const& path) {
  throw IoError(what + " " + path + " failed: " + system_reason());
}

void rename(std::string const& from, std::string const& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) fail("renaming " + from + " to", to);
}

/// False where the file system cannot do that.
bool exchange(std::string const& from, std::string const& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) == 0) return true;
  if (errno != EINVAL && errno != ENOSYS) fail("exchanging " + from + " and", to);
  return false;
}

/// Undoes a change of names whose way to storage has failed, so that all is as before, and goes on failing.
template <class Undo>
void sync_or_undo(std::string const& directory, Undo const& undo) {
  try {
    fault_point("save_sync_directory");
    sync_directory(directory);
  } catch (IoError const&) {
    undo();
    throw;
  }
}

void remove_replaced(std::string const& path) {
  fault_point("save_remove");
  std::error_code ignored;  // it can be removed later, and nobody takes it for a checkpoint
  fs::remove_all(path, ignored);
}

/// The file whose lock says that `path` is in use; empty if there is none.
std::string locked_file(std::string const& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return path;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".safetensors") return entry->path();
  }
  return {};
}

struct flock whole_file() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

}  // namespace

void sync_file(std::string const& path) {
  Descriptor const file(path, O_RDONLY);
  if (file.get() < 0 || ::fsync(file.get()) != 0) fail("writing to storage", path);
}

void sync_directory(std::string const& path) {
  Descriptor const directory(path, O_RDONLY | O_DIRECTORY);
  if (directory.get() < 0) fail("opening", path);
  // Some network file systems cannot sync a directory; there its names are as durable as they get.
  if (::fsync(directory.get()) != 0 && errno != EINVAL) fail("writing to storage", path);
}

void publish(std::string const& from, std::string const& to) {
  auto const folder = folder_of(to);
  std::error_code ignored;
  fs::remove_all(replaced_name(to), ignored);  // what a crash has left
  fault_point("save_rename");
  if (!fs::exists(to, ignored)) {
    rename(from, to);
    return sync_or_undo(folder, [&] { rename(to, from); });
  }
  if (exchange(from, to)) {
    sync_or_undo(folder, [&] { exchange(from, to); });
    return remove_replaced(from);
  }
  if (!fs::is_directory(to, ignored)) {
    rename(from, to);
    return sync_or_undo(folder, [] {});
  }
  rename(to, replaced_name(to));
  try {
    rename(from, to);
  } catch (IoError const&) {
    rename(replaced_name(to), to);
    throw;
  }
  sync_or_undo(folder, [&] {
    rename(to, from);
    rename(replaced_name(to), to);
  });
  remove_replaced(replaced_name(to));
}

void remove_or_warn(std::string const& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) log().warn("{} cannot be removed: {}", path, error.message());
}

TemporaryFile::TemporaryFile(std::string path) : path_(std::move(path)) {
  if (use_of(path_) == Use::in_use) throw IoError(std::exchange(path_, {}) + " is being written by another process");
  on_job_end_.emplace([path = path_] {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  });
}

TemporaryFile::~TemporaryFile() {
  if (!path_.empty()) {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  if (lock_ >= 0) ::close(lock_);
}

void TemporaryFile::mark_as_in_use() {
  Descriptor file(locked_file(path_), O_RDWR);
  auto lock = whole_file();
  if (file.get() >= 0 && fcntl(file.get(), F_OFD_SETLK, &lock) == 0) lock_ = file.release();
}

Use use_of(std::string const& path) {
  auto const file = locked_file(path);
  Descriptor const descriptor(file, O_RDWR);
  if (descriptor.get() < 0) return file.empty() || errno == ENOENT ? Use::unused : Use::unknown;
  auto lock = whole_file();
  if (fcntl(descriptor.get(), F_OFD_GETLK, &lock) != 0) return Use::unknown;
  return lock.l_type == F_UNLCK ? Use::unused : Use::in_use;
}

}  // namespace distload
