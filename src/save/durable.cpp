// fsync and rename, checked.
#include "save/durable.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include <distload/base/error.hpp>

#include "checkpoint/file_name.hpp"

namespace distload {
namespace {

[[noreturn]] void fail(std::string const& what, std::string const& path) {
  throw IoError(what + " " + path + " failed: " + std::strerror(errno));
}

/// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor(std::string const& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC)) {
    if (fd_ < 0) fail("opening", path);
  }
  ~Descriptor() { ::close(fd_); }
  Descriptor(Descriptor const&) = delete;
  Descriptor& operator=(Descriptor const&) = delete;
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

void rename(std::string const& from, std::string const& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) fail("renaming " + from + " to", to);
}

std::string folder_of(std::string const& path) {
  auto const folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? "." : folder.string();
}

}  // namespace

TemporaryFile::~TemporaryFile() {
  if (path_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void sync_file(std::string const& path) {
  Descriptor const file(path, O_RDONLY);
  if (::fsync(file.get()) != 0) fail("writing to storage", path);
}

void sync_directory(std::string const& path) {
  Descriptor const directory(path, O_RDONLY | O_DIRECTORY);
  // Some network file systems cannot sync a directory; there its names are as durable as they get.
  if (::fsync(directory.get()) != 0 && errno != EINVAL) fail("writing to storage", path);
}

void publish_file(std::string const& from, std::string const& to) {
  rename(from, to);
  sync_directory(folder_of(to));
}

void publish_directory(std::string const& from, std::string const& to) {
  std::error_code ignored;
  std::filesystem::remove_all(replaced_name(to), ignored);  // what a crash has left
  if (!std::filesystem::exists(to, ignored)) {
    rename(from, to);
    sync_directory(folder_of(to));
    return;
  }
  auto const exchanged = ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) == 0;
  if (!exchanged) {
    if (errno != EINVAL && errno != ENOSYS) fail("exchanging " + from + " and", to);
    rename(to, replaced_name(to));
    try {
      rename(from, to);
    } catch (IoError const&) {
      rename(replaced_name(to), to);
      throw;
    }
  }
  sync_directory(folder_of(to));
  std::filesystem::remove_all(exchanged ? from : replaced_name(to), ignored);
}

}  // namespace distload
