/// or_io_error: file system operations whose failures are errors of ours.
#pragma once

#include <filesystem>
#include <utility>

#include <distload/base/error.hpp>

namespace distload::synth {

/// Runs `operation` and returns what it returns.
/// @throws IoError  where std::filesystem throws.
template <class F>
auto or_io_error(F&& operation) {
  try {
    return std::forward<F>(operation)();
  } catch (std::filesystem::filesystem_error const& error) {
    throw IoError(error.path1().string() + ": " + error.code().message());
  }
}

}  // namespace distload::synth
