/// FileIdentity: device and inode number of a file or directory.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

namespace distload {

/// Equal for two paths of one host if both lead to the same file or directory.
struct FileIdentity {
  std::uint64_t device = 0;  ///< st_dev
  std::uint64_t inode = 0;   ///< st_ino

  // Not left to the compiler: nvcc 13 does not define it where only a range algorithm uses it.
  friend bool operator==(FileIdentity const& a, FileIdentity const& b) {
    return a.device == b.device && a.inode == b.inode;
  }
  friend auto operator<=>(FileIdentity const&, FileIdentity const&) = default;
};

/// Of the file or directory at `path`, symbolic links followed; nothing if there is none.
std::optional<FileIdentity> identity_of(std::string const& path) noexcept;

}  // namespace distload
