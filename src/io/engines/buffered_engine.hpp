/// BufferedEngine: reads through the page cache with pread; works on every file system.
#pragma once

#include <cstdint>

#include "io/engines/engine.hpp"
#include "io/engines/read_order.hpp"
#include "io/engines/read_runs.hpp"
#include "io/files/input_files.hpp"

namespace distload {

/// Reads directly to the destination, in steps that are hashed while they are in the core's cache. Not collective: each
/// rank reads independently. Opens a file when it is first read and keeps it open.
class BufferedEngine final : public Engine {
 public:
  /// The catalog outlives the engine. `threads` read at the same time; one suffices if there is a rank per core.
  explicit BufferedEngine(InputFiles files, std::uint32_t threads = 1);

  /// The engine's files; others may open and read them, but not during `read`.
  InputFiles& files() noexcept { return files_; }

  std::string_view name() const noexcept override { return "buffered"; }
  bool is_collective() const noexcept override { return false; }
  void read(std::span<ReadRequest const> requests, ReadOptions const& options) override;

 private:
  /// Reads short runs, each with a pread of its own.
  void read_together(Neighbours runs, ReadOrder const& order, ReadOptions const& options,
                     BlockVerifier& verifier) const;
  void read_alone(ActiveRun const& reading) const;

  std::uint32_t threads_;
  InputFiles files_;
};

}  // namespace distload
