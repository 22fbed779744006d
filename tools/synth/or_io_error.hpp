/// or_io_error: converts failures of std::filesystem to IoError.
#pragma once

#include <filesystem>
#include <utility>

#include <distload/base/error.hpp>

namespace distload::synth {

/// Runs `operation` and returns its result.
/// @throws IoError  std::filesystem throws.
template <class F>
auto or_io_error(F&& operation) {
  try {
    return std::forward<F>(operation)();
  } catch (std::filesystem::filesystem_error const& error) {
    throw IoError(error.path1().string() + ": " + error.code().message());
  }
}

}  // namespace distload::synth
