/// FileSystem: the file system of a path.
#pragma once

#include <cstdint>
#include <string>

namespace distload {

/// Properties of a file system that matter for reading and writing.
struct FileSystem {
  std::string name;           ///< "lustre", "tmpfs", ...; empty if unknown
  bool is_shared = false;     ///< network file system used by many nodes
  bool servers_copy = false;  ///< copies between files on its servers, without sending the bytes to the node
};

/// The file system with that magic number from statfs(2).
FileSystem file_system_of_magic(std::uint64_t magic) noexcept;

/// The file system of `path`; an unknown one if the system does not report it.
FileSystem file_system_of(std::string const& path) noexcept;

}  // namespace distload
