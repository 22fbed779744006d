/// MmapEngine: maps the files into memory, so that shards stored as they are loaded need no copy.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "io/engines/buffered_engine.hpp"
#include "io/engines/engine.hpp"
#include "io/engines/read_runs.hpp"
#include "io/files/file_mapping.hpp"

namespace distload {

/// Requests whose destination is their place in the mapping are only verified, or skipped if there is nothing to
/// verify. They, and requests without destination, are read in the mapping where they are in the page cache, without a
/// copy. Short requests are copied from the mapping, many in one step. All others are read with pread. Not collective:
/// the ranks of a node share only the page cache.
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
  bool is_in_place(Run const& run) const;
  /// Reads a run to verify it; passes the bytes to `on_bytes` if the run has no destination.
  void pass(ActiveRun const& reading) const;
  /// The runs of `order`, divided into single runs and those that are copied together.
  std::vector<Neighbours> neighbours_in(ReadOrder const& order) const;
  /// Copies runs from the mapping to their destinations, and passes those without destination to `on_bytes` in one
  /// call. False, and nothing is done, if they are not in the page cache, or the kernel cannot map them at once.
  bool copy_mapped(Neighbours runs, ReadOrder const& order, ReadOptions const& options, BlockVerifier& verifier) const;
  /// Reads a run by itself.
  void read_alone(ActiveRun const& reading) const;
  /// Passes bytes [begin, end) of a run from the mapping. False if they are not in the page cache, or the kernel cannot
  /// map them at once.
  bool pass_mapped(ActiveRun const& reading, Bytes begin, Bytes end) const;

  Catalog const* catalog_;
  std::uint32_t threads_;
  BufferedEngine elsewhere_;
  FileMapping mapping_;  ///< of the same files
};

}  // namespace distload
