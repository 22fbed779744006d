/// FileSystem: what a path lies on.
#pragma once

#include <cstdint>
#include <string>

namespace distload {

/// What a file lies on, as far as it matters for reading and writing.
struct FileSystem {
  std::string name;           ///< "lustre", "tmpfs", ...; empty if unknown
  bool is_shared = false;     ///< served over a network to many nodes
  bool servers_copy = false;  ///< from file to file, without the bytes coming to the node
};

/// The file system with that magic number, as statfs(2) gives it.
FileSystem file_system_of_magic(std::uint64_t magic) noexcept;

/// The file system that `path` lies on; an unknown one if the system does not say.
FileSystem file_system_of(std::string const& path) noexcept;

}  // namespace distload
