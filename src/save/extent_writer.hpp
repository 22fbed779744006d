/// ExtentWriter: interface of the writers of all checkpoint formats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <distload/checkpoint/catalog.hpp>
#include <distload/save/save_result.hpp>

namespace distload {

/// A checkpoint whose extents are fixed and whose bytes come from all ranks. Until `commit` returns it has a temporary
/// name, and what it replaces is unchanged.
class ExtentWriter {
 public:
  virtual ~ExtentWriter() = default;
  ExtentWriter(ExtentWriter const&) = delete;
  ExtentWriter& operator=(ExtentWriter const&) = delete;

  /// The checkpoint's tensors and extents, equal on all ranks. Its paths are temporary.
  virtual Catalog const& catalog() const noexcept = 0;

  /// Not collective: writes bytes of extent number `extent` of the catalog, from `begin_bytes` on. A range begins at a
  /// multiple of `Catalog::block_bytes` or at the end of this rank's last range of the extent, so that every block is
  /// written once, in order, by one rank. The bytes may change after return.
  /// @throws IoError  storage failed, in this call or an earlier one. The caller must make the ranks agree on it before
  ///                  `commit`.
  virtual void write(std::uint32_t extent, Bytes begin_bytes, std::span<std::byte const> bytes) = 0;

  /// What this rank has written so far.
  virtual WrittenBytes written() const noexcept = 0;

  /// Collective: completes the checkpoint, makes it durable and renames it to its final name.
  /// @throws IoError        storage failed; on all ranks.
  /// @throws CorruptData    storage returns other bytes than were written; on all ranks.
  /// @throws InternalError  some bytes were written by no rank or by several ranks; on all ranks.
  virtual void commit() = 0;

 protected:
  ExtentWriter() = default;
};

}  // namespace distload
