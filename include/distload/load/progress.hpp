/// Progress: how far a load or a save is, for a callback that shows it.
#pragma once

#include <functional>
#include <string_view>

#include <distload/base/bytes.hpp>

namespace distload {

struct ProgressEvent {
  std::string_view phase;  ///< "open", "partition", "plan", "allocate", "read", "save", "done"
  Bytes done = 0;          ///< read or written by all ranks, as far as this rank can tell
  Bytes total = 0;         ///< 0 while unknown
  double seconds = 0;      ///< since the load or save began
};

/// Called on every rank, from whichever thread is at work, but by one at a time.
using ProgressSink = std::function<void(ProgressEvent const&)>;

}  // namespace distload
