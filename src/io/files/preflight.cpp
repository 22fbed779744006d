// Checks existence and sizes of files.
#include "io/files/preflight.hpp"

#include <distload/base/error.hpp>

namespace distload {

void preflight(InputFiles& files, std::vector<bool> const& reads) {
  for (std::uint32_t number = 0; number < reads.size(); ++number) {
    auto const& file = files.catalog().files[number];
    auto const size = reads[number] ? files.open(number).size_bytes() : InputFile(file.path).size_bytes();
    if (size == file.size_bytes) continue;
    auto const* const what = size < file.size_bytes ? " is truncated: it has " : " has changed: it has ";
    throw CorruptData(file.path + what + std::to_string(size) + " bytes, the checkpoint's index says " +
                      std::to_string(file.size_bytes));
  }
}

}  // namespace distload
