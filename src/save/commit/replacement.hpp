/// Replacement: what a save may take the place of.
#pragma once

#include <vector>

#include <distload/base/file_identity.hpp>

namespace distload {

/// Whatever is allowed, what holds a byte that distload has not written is never replaced.
struct Replacement {
  bool overwrite = false;              ///< a checkpoint of the same step may be replaced
  std::vector<FileIdentity> loaded{};  ///< files and directories that are being loaded, which never are; sorted
};

}  // namespace distload
