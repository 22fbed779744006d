/// BufferedEngine: reads through the page cache with pread, the engine that works everywhere.
#pragma once

#include <cstdint>

#include "io/engines/engine.hpp"
#include "io/engines/read_order.hpp"
#include "io/files/input_files.hpp"

namespace distload {

/// Reads straight into the destination, in steps that are hashed while they are in the core's cache. Not
/// collective: each rank reads for itself. A file is opened when it is first wanted and stays open.
class BufferedEngine final : public Engine {
 public:
  /// The catalog outlives the engine. `threads` read at a time; one is right where ranks fill the cores.
  explicit BufferedEngine(InputFiles files, std::uint32_t threads = 1);

  /// What it reads; others may open and read it as well, but not while it reads.
  InputFiles& files() noexcept { return files_; }

  std::string_view name() const noexcept override { return "buffered"; }
  bool is_collective() const noexcept override { return false; }
  void read(std::span<ReadRequest const> requests, ReadOptions const& options) override;

 private:
  std::uint32_t threads_;
  InputFiles files_;
};

}  // namespace distload
