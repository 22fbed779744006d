/// MmapEngine: maps the files into memory, so that shards stored as they are loaded need no copy.
#pragma once

#include <cstdint>
#include <span>

#include "io/engines/buffered_engine.hpp"
#include "io/engines/engine.hpp"
#include "io/engines/read_runs.hpp"
#include "io/files/file_mapping.hpp"

namespace distload {

/// Requests whose destination is their place in the mapping are only verified, or skipped if there is nothing to
/// verify. They, and requests without destination, are read in the mapping where they are in the page cache, without a
/// copy. All others are read with pread. Not collective: the ranks of a node share only the page cache.
class MmapEngine final : public Engine {
 public:
  /// The catalog outlives the engine. `threads` read at the same time.
  /// @throws IoError  a file cannot be mapped.
  explicit MmapEngine(InputFiles files, std::uint32_t threads = 1);

  std::string_view name() const noexcept override { return "mmap"; }
  bool is_collective() const noexcept override { return false; }
  FileMapping const* mapping() const noexcept override { return &mapping_; }
  void read(std::span<ReadRequest const> requests, ReadOptions const& options) override;

 private:
  bool is_in_place(ReadRequest const& request) const;
  /// Reads a run to verify it; passes the bytes to `on_bytes` if the run has no destination.
  void pass(ActiveRun const& reading) const;
  /// Passes bytes [begin, end) of a run from the mapping. False if they are not in the page cache, or the kernel cannot
  /// map them at once.
  bool pass_mapped(ActiveRun const& reading, Bytes begin, Bytes end) const;

  Catalog const* catalog_;
  std::uint32_t threads_;
  BufferedEngine elsewhere_;
  FileMapping mapping_;  ///< of the same files
};

}  // namespace distload
