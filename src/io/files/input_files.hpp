/// InputFiles: the files of a checkpoint, each opened once for all that read it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

#include "io/files/input_file.hpp"

namespace distload {

/// Opens a file when it is first asked for and keeps it open. Move-only.
///
/// It lives as long as one call reads: `Loader::load` makes one for its check of the files and its engine. Between
/// calls nothing is open: what opens a checkpoint or plans a load opens the files once more and closes them. A plan may
/// be kept and used many times; with open files it would read what has been replaced under their names since, keep
/// the space of deleted checkpoints from being free, and take a descriptor per file of those a process may have. On
/// network file systems, opening is also what makes a node look again at what it has cached.
class InputFiles {
 public:
  /// Opens nothing yet. The catalog outlives the object.
  explicit InputFiles(Catalog const& catalog, Caching caching = Caching::page_cache);

  Catalog const& catalog() const noexcept { return *catalog_; }
  Caching caching() const noexcept { return caching_; }

  /// The file of that number in the catalog, which is opened unless it is open. For one thread at a time.
  /// @throws IoError  the system refuses to open it.
  InputFile const& open(std::uint32_t number);

  /// Of a file that is open. For several threads at a time.
  InputFile const& operator[](std::uint32_t number) const noexcept { return *files_[number]; }

 private:
  Catalog const* catalog_;
  Caching caching_;
  std::vector<std::optional<InputFile>> files_;  ///< by the catalog's file number
};

}  // namespace distload
