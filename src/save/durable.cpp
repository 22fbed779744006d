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

}  // namespace

TemporaryFile::~TemporaryFile() {
  if (path_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

void sync_file(std::string const& path) {
  Descriptor const file(path, O_RDONLY);
  if (::fsync(file.get()) != 0) fail("writing to storage", path);
}

void publish_file(std::string const& from, std::string const& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) fail("renaming " + from + " to", to);
  auto const folder = std::filesystem::path(to).parent_path();
  Descriptor const directory(folder.empty() ? "." : folder.string(), O_RDONLY | O_DIRECTORY);
  // Some network file systems cannot sync a directory; there the rename is as durable as it gets.
  if (::fsync(directory.get()) != 0 && errno != EINVAL) fail("writing to storage", folder);
}

}  // namespace distload
