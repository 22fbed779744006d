/// SaveResult: what a save took.
#pragma once

#include <cstdint>
#include <string>

#include <distload/base/bytes.hpp>
#include <distload/base/choices.hpp>

namespace distload {

/// Bytes of a new checkpoint, by how they got there.
struct WrittenBytes {
  Bytes written = 0;    ///< to storage
  Bytes unchanged = 0;  ///< equal to the base's, written or reused
  Bytes reused = 0;     ///< of the unchanged: shared with the base or copied from it by the file system, not written

  /// Bytes that are in place.
  Bytes handled() const noexcept { return written + reused; }
};

/// What a save took. Equal on all ranks, except for the seconds, which each measures.
struct SaveResult {
  std::string path;                          ///< of the new checkpoint
  std::uint64_t step = 0;                    ///< that it was saved as
  WriteEngine engine = WriteEngine::direct;  ///< that wrote; never `automatic`
  double seconds = 0;                        ///< from the call until the commit
  double stall_seconds = 0;                  ///< that this rank's caller waited
  Bytes checkpoint_bytes = 0;                ///< of all tensors
  WrittenBytes bytes;                        ///< of all ranks
  Bytes read_bytes = 0;                      ///< of a conversion: from the source, by all ranks
  EngineInUse read_engine;                   ///< of a conversion
  std::uint64_t overflows = 0;               ///< of a conversion: finite numbers that became infinite
};

}  // namespace distload
