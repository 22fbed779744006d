// Finds folders relative to the running program.
#include "config/data_directories.hpp"

#include <cstdlib>
#include <filesystem>
#include <utility>

namespace distload {
namespace {

std::vector<std::string>& added_directories() {
  static std::vector<std::string> directories;
  return directories;
}

}  // namespace

void add_data_directory(std::string folder) { added_directories().push_back(std::move(folder)); }

std::vector<std::string> data_directories(std::string const& folder) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  std::vector<fs::path> candidates;
  for (auto const& added : added_directories()) candidates.push_back(fs::path(added) / folder);
  auto const program = fs::read_symlink("/proc/self/exe", ignored);
  if (!program.empty()) {
    candidates.push_back(program.parent_path().parent_path() / DISTLOAD_INSTALL_DATA_SUBDIR / folder);
  }
  candidates.emplace_back(fs::path(DISTLOAD_INSTALL_DATA_DIR) / folder);
  candidates.emplace_back(fs::path(DISTLOAD_SOURCE_CONFIG_DIR) / folder);
  // For programs of others that link the library: where distload lies now, as its modulefile says, or its package.
  if (char const* root = std::getenv("DISTLOAD_ROOT")) {
    candidates.push_back(fs::path(root) / DISTLOAD_INSTALL_DATA_SUBDIR / folder);
  }
  candidates.push_back(fs::path("/usr") / DISTLOAD_INSTALL_DATA_SUBDIR / folder);

  std::vector<std::string> directories;
  for (auto const& candidate : candidates) {
    if (fs::is_directory(candidate, ignored)) directories.push_back(candidate.string());
  }
  return directories;
}

}  // namespace distload
