/// MmapEngine: the files as memory, so that what need not be copied is not.
#pragma once

#include <cstdint>
#include <span>

#include "io/engines/buffered_engine.hpp"
#include "io/engines/engine.hpp"
#include "io/engines/read_runs.hpp"
#include "io/files/file_mapping.hpp"

namespace distload {

/// What is wanted where it lies in the mapping is only verified, and not even touched where there is nothing to verify.
/// What is wanted elsewhere, or just to be shown, is read: the kernel copies from the page cache faster than a process
/// can, which has to map each page first. Not collective: the page cache is what the ranks of a node share.
class MmapEngine final : public Engine {
 public:
  /// The catalog outlives the engine. `threads` work at a time.
  /// @throws IoError  a file cannot be mapped.
  explicit MmapEngine(InputFiles files, std::uint32_t threads = 1);

  std::string_view name() const noexcept override { return "mmap"; }
  bool is_collective() const noexcept override { return false; }
  FileMapping const* mapping() const noexcept override { return &mapping_; }
  void read(std::span<ReadRequest const> requests, ReadOptions const& options) override;

 private:
  bool is_in_place(ReadRequest const& request) const;
  /// Has a run pass through a small buffer, to be verified, and shown if it has no destination.
  void pass(ActiveRun const& reading) const;

  Catalog const* catalog_;
  std::uint32_t threads_;
  BufferedEngine elsewhere_;
  FileMapping mapping_;  ///< of the same files
};

}  // namespace distload
