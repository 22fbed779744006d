// fsync and locks, checked.
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
#include "base/system.hpp"
#include "save/commit/file_space.hpp"
#include "save/commit/foreign_content.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;

/// The file whose lock shows that `path` is in use; empty if there is none.
std::string locked_file(std::string const& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return path;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".safetensors") return entry->path();
  }
  return {};
}

/// Removes from a directory only files of this program.
void remove_unfinished(std::string const& path) {
  std::error_code ignored;
  if (fs::is_directory(fs::symlink_status(path, ignored))) return remove_unless_foreign(path, Stage::unfinished);
  fs::remove(path, ignored);
}

struct flock whole_file() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

}  // namespace

void throw_failed(std::string const& what, std::string const& path) {
  throw IoError(what + " " + path + " failed: " + system_reason());
}

void sync_file(std::string const& path) {
  Descriptor const file(path, O_RDONLY);
  if (file.get() < 0 || ::fsync(file.get()) != 0) throw_failed("writing to storage", path);
}

void sync_directory(std::string const& path) {
  Descriptor const directory(path, O_RDONLY | O_DIRECTORY);
  if (directory.get() < 0) throw_failed("opening", path);
  // Some network file systems cannot sync a directory; names there cannot be made more durable.
  if (::fsync(directory.get()) != 0 && errno != EINVAL) throw_failed("writing to storage", path);
}

void rename_durably(std::string const& from, std::string const& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) throw_failed("renaming " + from + " to", to);
  sync_directory(folder_of(to));
}

TemporaryFile::TemporaryFile(std::string path) : path_(std::move(path)) {
  on_job_end_.emplace([path = path_] { remove_unfinished(path); });
}

TemporaryFile::~TemporaryFile() {
  if (!path_.empty()) remove_unfinished(path_);
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
