/// FolderLock: held while a job removes leftovers from a folder and creates its own unfinished checkpoint there.
#pragma once

#include <string>

#include "base/descriptor.hpp"

namespace distload {

/// Between its creation and its own lock, an unfinished checkpoint looks like the leftover of a crash: without this, a
/// job that looks for leftovers then removes it. Where the file system cannot lock folders, or if another job keeps
/// the lock for 10 seconds, this job goes on without it.
class FolderLock {
 public:
  explicit FolderLock(std::string const& folder);

  /// Ends it before the destructor does.
  void release() noexcept { folder_.close(); }

 private:
  Descriptor folder_;  ///< the lock ends when it is closed
};

}  // namespace distload
