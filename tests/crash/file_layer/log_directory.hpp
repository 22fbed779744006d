/// Where the layer writes: FILE_LAYER_LOG, on the file system of FILE_LAYER_ROOT but not below it.
#pragma once

#include <cstdlib>
#include <string>

namespace distload::file_layer {

/// Empty if unset.
inline std::string const& log_directory() {
  static std::string const path = [] {
    char const* const text = std::getenv("FILE_LAYER_LOG");
    return std::string(text == nullptr ? "" : text);
  }();
  return path;
}

}  // namespace distload::file_layer
