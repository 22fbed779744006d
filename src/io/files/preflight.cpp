// Checks existence and sizes of files.
#include "io/files/preflight.hpp"

#include <distload/base/error.hpp>

#include "io/files/input_file.hpp"

namespace distload {

void preflight(Catalog const& catalog) {
  for (auto const& file : catalog.files) {
    auto const size = InputFile(file.path).size_bytes();
    if (size == file.size_bytes) continue;
    auto const* const what = size < file.size_bytes ? " is truncated: it has " : " has changed: it has ";
    throw CorruptData(file.path + what + std::to_string(size) + " bytes, the checkpoint's index says " +
                      std::to_string(file.size_bytes));
  }
}

}  // namespace distload
