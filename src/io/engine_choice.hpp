/// choose_engine: which engine reads, by what the user says or by where the checkpoint lies.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <distload/checkpoint/catalog.hpp>

namespace distload {

struct EngineChoice {
  std::string name;    ///< "collective", "buffered"
  std::string reason;  ///< for people, e.g. "HDF5 on lustre"
};

/// What a file lies on, as far as it matters for reading.
struct FileSystem {
  std::string name;        ///< "lustre", "tmpfs", ...; empty if unknown
  bool is_shared = false;  ///< served over a network to many nodes
};

/// The file system with that magic number, as statfs(2) gives it.
FileSystem file_system_of_magic(std::uint64_t magic) noexcept;

/// The file system that `path` lies on; an unknown one if the system does not say.
FileSystem file_system_of(std::string const& path) noexcept;

/// The rule by itself: shared file systems are served best by a few large requests that all ranks make together, local
/// ones by each rank reading for itself.
EngineChoice choose_engine(std::string_view configured, SourceFormat format, FileSystem const& file_system);

/// Local. `configured`: an engine's name, or "auto". Every rank that sees the same file systems chooses the same.
EngineChoice choose_engine(std::string_view configured, Catalog const& catalog);

}  // namespace distload
