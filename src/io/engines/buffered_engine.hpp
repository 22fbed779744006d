/// BufferedEngine: reads through the page cache with pread, the engine that works everywhere.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "io/engines/engine.hpp"
#include "io/engines/read_order.hpp"
#include "io/files/input_file.hpp"

namespace distload {

/// Reads straight into the destination, in steps that are hashed while they are in the core's cache. Not
/// collective: each rank reads for itself. A file is opened when it is first wanted and stays open.
class BufferedEngine final : public Engine {
 public:
  /// The catalog outlives the engine. `threads` read at a time; one is right where ranks fill the cores.
  explicit BufferedEngine(Catalog const& catalog, std::uint32_t threads = 1);

  std::string_view name() const noexcept override { return "buffered"; }
  bool is_collective() const noexcept override { return false; }
  void read(std::span<ReadRequest const> requests, ReadOptions const& options) override;

 private:
  void open_files(ReadOrder const& order);

  Catalog const* catalog_;
  std::uint32_t threads_;
  std::vector<std::optional<InputFile>> files_;  ///< by the catalog's file number
};

}  // namespace distload
