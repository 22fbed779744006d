/// InputFiles: the files of a checkpoint, each opened once and shared by its readers.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

#include "io/files/input_file.hpp"

namespace distload {

/// Opens a file when it is first requested and keeps it open. Move-only.
///
/// It lives for one call: `Loader::load` creates one for the check of the files and the engine. No file is open between
/// calls; opening a checkpoint and planning a load open and close the files separately. A plan may be kept and used
/// many times. With open files it would read the old content of replaced files, prevent the space of deleted
/// checkpoints from being freed, and use one descriptor per file. On network file systems, opening also makes a node
/// revalidate its cache.
class InputFiles {
 public:
  /// Does not open any file. The catalog outlives the object.
  explicit InputFiles(Catalog const& catalog, Caching caching = Caching::page_cache);

  Catalog const& catalog() const noexcept { return *catalog_; }
  Caching caching() const noexcept { return caching_; }

  /// The file with that number in the catalog; opens it if necessary. Called by one thread at a time.
  /// @throws IoError  the system refuses to open it.
  InputFile const& open(std::uint32_t number);

  /// Precondition: the file is open. Several threads may call it at the same time.
  InputFile const& operator[](std::uint32_t number) const noexcept { return *files_[number]; }

 private:
  Catalog const* catalog_;
  Caching caching_;
  std::vector<std::optional<InputFile>> files_;  ///< by file number in the catalog
};

}  // namespace distload
