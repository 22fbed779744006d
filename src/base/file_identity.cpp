// Reads device and inode number by stat.
#include <distload/base/file_identity.hpp>

#include <sys/stat.h>

namespace distload {

std::optional<FileIdentity> identity_of(std::string const& path) noexcept {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileIdentity{status.st_dev, status.st_ino};
}

}  // namespace distload
