/// Replacement: what a save may replace.
#pragma once

#include <vector>

#include <distload/base/file_identity.hpp>

namespace distload {

/// With any settings, a checkpoint that contains data of others is never replaced.
struct Replacement {
  bool overwrite = false;              ///< a checkpoint of the same step may be replaced
  std::vector<FileIdentity> loaded{};  ///< files and directories that are being loaded and never replaced; sorted
};

}  // namespace distload
