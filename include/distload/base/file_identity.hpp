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

  friend auto operator<=>(FileIdentity const&, FileIdentity const&) = default;
};

/// Of the file or directory at `path`, symbolic links followed; nothing if there is none.
std::optional<FileIdentity> identity_of(std::string const& path) noexcept;

}  // namespace distload
