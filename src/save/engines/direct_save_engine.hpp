/// DirectSaveEngine: every rank writes extents by their offsets in the file, past the page cache.
#pragma once

#include <distload/checkpoint/catalog.hpp>

#include "io/engines/direct_writer.hpp"
#include "save/engines/save_engine.hpp"

namespace distload {

/// Nothing of it is collective, and it calls neither HDF5 nor MPI, so that any thread can use it.
class DirectSaveEngine final : public SaveEngine {
 public:
  /// The catalog outlives the engine.
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
