// Free space.
#include "save/file_space.hpp"

#include <filesystem>
#include <system_error>

#include <distload/base/error.hpp>

namespace distload {

void check_space(std::string const& path, Bytes needed) {
  std::error_code error;
  auto const folder = std::filesystem::path(path).parent_path();
  auto const space = std::filesystem::space(folder.empty() ? "." : folder, error);
  if (error || space.capacity == 0 || space.available >= needed) return;
  throw IoError(path + " needs " + format_bytes(needed) + ", but its file system has only " +
                format_bytes(space.available) + " left");
}

}  // namespace distload
