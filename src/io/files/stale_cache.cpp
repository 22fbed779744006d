// Opening a folder or a file makes NFS clients ask the server.
#include "io/files/stale_cache.hpp"

#include <filesystem>
#include <system_error>

#include <distload/base/error.hpp>

#include "io/files/input_file.hpp"

namespace distload {

void forget_stale(std::string const& path) {
  std::error_code ignored;
  auto const folder = std::filesystem::path(path).parent_path();
  for (std::filesystem::directory_iterator entry(folder.empty() ? "." : folder, ignored), end; entry != end && !ignored;
       entry.increment(ignored)) {
  }
  try {
    InputFile(path).forget_cached();
  } catch (IoError const&) {
    // The file is missing or unreadable; the next reader reports it.
  }
}

}  // namespace distload
