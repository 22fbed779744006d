/// ExtentWriter: what a checkpoint is written through, whatever its format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <distload/checkpoint/catalog.hpp>
#include <distload/save/save_result.hpp>

namespace distload {

/// A checkpoint whose extents are fixed and whose bytes come from all ranks. Until `commit` has returned it has another
/// name, and what it replaces stays.
class ExtentWriter {
 public:
  virtual ~ExtentWriter() = default;
  ExtentWriter(ExtentWriter const&) = delete;
  ExtentWriter& operator=(ExtentWriter const&) = delete;

  /// The checkpoint's tensors and extents, equal on all ranks. Its paths are temporary ones.
  virtual Catalog const& catalog() const noexcept = 0;

  /// Not collective: writes bytes of extent number `extent` of the catalog, from `begin_bytes` on. A range begins at a
  /// multiple of `Catalog::block_bytes` or where this rank's last range of the extent has ended, so that every block is
  /// written by one rank, in order and once. The bytes may change when this returns.
  /// @throws IoError  storage failed, now or before. The caller has the ranks agree on that before `commit`.
  virtual void write(std::uint32_t extent, Bytes begin_bytes, std::span<std::byte const> bytes) = 0;

  /// What this rank has done so far.
  virtual WrittenBytes written() const noexcept = 0;

  /// Collective: completes the checkpoint, makes it durable and gives it its name.
  /// @throws IoError        storage failed; on all ranks.
  /// @throws CorruptData    storage does not give back what was written; on all ranks.
  /// @throws InternalError  bytes were written by no rank or by several; on all ranks.
  virtual void commit() = 0;

 protected:
  ExtentWriter() = default;
};

}  // namespace distload
