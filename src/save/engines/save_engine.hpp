/// SaveEngine: how bytes get from the ranks into the files of a checkpoint that has been created.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <distload/base/bytes.hpp>

#include "io/files/output_file.hpp"

namespace distload {

/// Open on the files of one checkpoint. Used by one thread at a time.
class SaveEngine {
 public:
  virtual ~SaveEngine() = default;
  SaveEngine(SaveEngine const&) = delete;
  SaveEngine& operator=(SaveEngine const&) = delete;

  /// "direct" or "collective"
  virtual std::string_view name() const noexcept = 0;

  /// Not collective: writes bytes of extent number `extent` of the catalog from `begin_bytes` on. They may change when
  /// this returns.
  /// @throws IoError  storage failed, now or before.
  virtual void write(std::uint32_t extent, Bytes begin_bytes, std::span<std::byte const> bytes) = 0;

  /// The file that an extent lies in, for what is not written but shared with other files or copied from them. What
  /// that brings is part of `sync`.
  virtual OutputFile const& file_of(std::uint32_t extent) = 0;

  /// Collective over the ranks that opened the engine, if its library wants that. Nothing is written after it.
  /// @throws IoError  storage failed, now or before.
  virtual void close() = 0;

  /// Not collective, after all ranks have closed: returns when all that this rank has written is on storage.
  /// @throws IoError  it cannot be brought there.
  virtual void sync() = 0;

 protected:
  SaveEngine() = default;
};

}  // namespace distload
