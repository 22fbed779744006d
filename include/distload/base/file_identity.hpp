/// FileIdentity: which file or directory a name leads to, whatever names it has besides.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

namespace distload {

/// The same for all hard links of a file and for everything that links to it, on this host.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;

  friend auto operator<=>(FileIdentity const&, FileIdentity const&) = default;
};

/// Of what `path` leads to, symbolic links followed; nothing if that is not there.
std::optional<FileIdentity> identity_of(std::string const& path) noexcept;

}  // namespace distload
