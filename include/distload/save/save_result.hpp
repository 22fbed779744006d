/// SaveResult: what a save took.
#pragma once

#include <cstdint>
#include <string>

#include <distload/base/bytes.hpp>
#include <distload/base/choices.hpp>

namespace distload {

/// What one rank has done for a checkpoint.
struct WrittenBytes {
  Bytes written = 0;
  Bytes unchanged = 0;  ///< of what the base has as well, whether written again or not
  Bytes reused = 0;     ///< of the unchanged: shared with the base or copied from it by the file system, not written

  /// What is done with, one way or the other.
  Bytes handled() const noexcept { return written + reused; }
};

/// What a save took; equal on all ranks, but for the seconds, which each has measured.
struct SaveResult {
  std::string path;
  std::uint64_t step = 0;
  WriteEngine engine = WriteEngine::direct;
  double seconds = 0;        ///< from the call until the checkpoint had its name
  double stall_seconds = 0;  ///< that this rank's caller has waited
  Bytes checkpoint_bytes = 0;
  WrittenBytes bytes;           ///< of all ranks
  Bytes read_bytes = 0;         ///< of a conversion: from the source, by all ranks
  EngineInUse read_engine;      ///< of a conversion
  std::uint64_t overflows = 0;  ///< of a conversion: numbers that were finite and have become infinite
};

}  // namespace distload
