/// SaveEngine: writes bytes of ranks into the files of a created checkpoint.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <distload/base/bytes.hpp>

#include "io/files/output_file.hpp"

namespace distload {

/// Has the files of one checkpoint open. Used by one thread at a time.
class SaveEngine {
 public:
  virtual ~SaveEngine() = default;
  SaveEngine(SaveEngine const&) = delete;
  SaveEngine& operator=(SaveEngine const&) = delete;

  /// "direct" or "collective"
  virtual std::string_view name() const noexcept = 0;

  /// Not collective: writes bytes of extent number `extent` of the catalog from `begin_bytes` on. They may change after
  /// return.
  /// @throws IoError  storage failed, in this call or an earlier one.
  virtual void write(std::uint32_t extent, Bytes begin_bytes, std::span<std::byte const> bytes) = 0;

  /// The file of an extent, for bytes that are reused from other files. `sync` covers those too.
  virtual OutputFile const& file_of(std::uint32_t extent) = 0;

  /// Collective over the ranks that opened the engine, if its library requires that. No write may follow.
  /// @throws IoError  storage failed, in this call or an earlier one.
  virtual void close() = 0;

  /// Not collective, called after all ranks have closed: returns when everything that this rank has written is on
  /// storage.
  /// @throws IoError  the bytes could not be written to storage.
  virtual void sync() = 0;

 protected:
  SaveEngine() = default;
};

}  // namespace distload
