/// DirectSaveEngine: every rank writes extents at their file offsets, bypassing the page cache.
#pragma once

#include <distload/checkpoint/catalog.hpp>

#include "io/engines/direct_writer.hpp"
#include "save/engines/save_engine.hpp"

namespace distload {

/// No function is collective or calls HDF5 or MPI, so that any thread can use the engine.
class DirectSaveEngine final : public SaveEngine {
 public:
  /// The catalog must outlive the engine.
  explicit DirectSaveEngine(Catalog const& catalog);

  std::string_view name() const noexcept override { return "direct"; }
  void write(std::uint32_t extent, Bytes begin_bytes, std::span<std::byte const> bytes) override;
  OutputFile const& file_of(std::uint32_t extent) override;
  void close() override { writer_.flush(); }
  void sync() override { writer_.sync(); }

 private:
  Catalog const* catalog_;
  DirectWriter writer_;
};

}  // namespace distload
