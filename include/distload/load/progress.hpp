/// ProgressEvent: how far a load or a save is.
#pragma once

#include <functional>
#include <string_view>

#include <distload/base/bytes.hpp>

namespace distload {

/// The state of a load or a save.
struct ProgressEvent {
  std::string_view phase;  ///< "open", "partition", "plan", "allocate", "read", "save", "done"
  Bytes done = 0;          ///< estimated bytes that all ranks have read or written
  Bytes total = 0;         ///< 0 while unknown
  double seconds = 0;      ///< since the load or save began
};

/// Called on every rank, from any thread of the library, by one thread at a time.
using ProgressSink = std::function<void(ProgressEvent const&)>;

}  // namespace distload
