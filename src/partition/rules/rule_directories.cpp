// Finds the folders of rule files relative to the running program.
#include "partition/rules/rule_directories.hpp"

#include <filesystem>

namespace distload {

std::vector<std::string> default_rule_directories() {
  namespace fs = std::filesystem;
  std::error_code ignored;
  std::vector<fs::path> candidates;
  auto const program = fs::read_symlink("/proc/self/exe", ignored);
  if (!program.empty()) {
    candidates.push_back(program.parent_path().parent_path() / DISTLOAD_INSTALL_DATA_SUBDIR / "models");
  }
  candidates.emplace_back(fs::path(DISTLOAD_INSTALL_DATA_DIR) / "models");
  candidates.emplace_back(fs::path(DISTLOAD_SOURCE_CONFIG_DIR) / "models");

  std::vector<std::string> directories;
  for (auto const& candidate : candidates) {
    if (fs::is_directory(candidate, ignored)) directories.push_back(candidate.string());
  }
  return directories;
}

}  // namespace distload
