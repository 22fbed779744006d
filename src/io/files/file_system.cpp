// Recognises file systems by magic number.
#include "io/files/file_system.hpp"

#include <algorithm>
#include <array>

#include <sys/vfs.h>

namespace distload {
namespace {

struct KnownFileSystem {
  std::uint64_t magic;
  char const* name;
  bool is_shared;
  bool servers_copy = false;
};

/// From linux/magic.h and, for the first three, the file systems' own sources. Of Linux' file systems, NFS, Ceph and
/// CIFS implement copy_file_range on their servers.
constexpr std::array kFileSystems{
    KnownFileSystem{0x0BD00BD0, "lustre", true},     KnownFileSystem{0x47504653, "gpfs", true},
    KnownFileSystem{0x19830326, "beegfs", true},     KnownFileSystem{0x6969, "nfs", true, true},
    KnownFileSystem{0x00C36400, "ceph", true, true}, KnownFileSystem{0xFF534D42, "cifs", true, true},
    KnownFileSystem{0xEF53, "ext4", false},          KnownFileSystem{0x58465342, "xfs", false},
    KnownFileSystem{0x9123683E, "btrfs", false},     KnownFileSystem{0x01021994, "tmpfs", false},
    KnownFileSystem{0x794C7630, "overlayfs", false},
};

}  // namespace

FileSystem file_system_of_magic(std::uint64_t magic) noexcept {
  auto const* const known = std::ranges::find(kFileSystems, magic, &KnownFileSystem::magic);
  if (known == kFileSystems.end()) return {};
  return {known->name, known->is_shared, known->servers_copy};
}

FileSystem file_system_of(std::string const& path) noexcept {
  struct statfs status {};
  if (statfs(path.c_str(), &status) != 0) return {};
  // The kernel's type has 32 bits; some values are negative in a signed word.
  return file_system_of_magic(static_cast<std::uint32_t>(status.f_type));
}

}  // namespace distload
