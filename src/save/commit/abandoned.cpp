// Finds temporary names and checks whether a process is writing under them.
#include "save/commit/abandoned.hpp"

#include <filesystem>
#include <optional>
#include <system_error>
#include <vector>

#include "base/log.hpp"
#include "checkpoint/file_name.hpp"
#include "save/commit/durable.hpp"
#include "save/commit/foreign_content.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;

bool is_abandoned(fs::path const& path, std::uint64_t step) {
  auto const name = path.filename().string();
  if (auto const checkpoint = replaced_by(name); checkpoint && step_of_name(*checkpoint))
    return fs::exists(path.parent_path() / *checkpoint);
  auto const intended = final_name(name);
  auto const intended_step = intended ? step_of_name(*intended) : std::nullopt;
  if (!intended_step) return false;
  auto const use = use_of(path);
  return use == Use::unused || (use == Use::unknown && *intended_step <= step);
}

std::vector<std::string> find_abandoned(std::string const& directory, std::uint64_t step,
                                        std::span<FileIdentity const> loaded, std::error_code& error) {
  std::vector<std::string> found;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    auto const path = entry->path().string();
    if (is_abandoned(entry->path(), step) && !holds_one_of(path, loaded)) found.push_back(path);
  }
  return found;
}

Stage stage_of(std::string const& path) { return replaced_by(path) ? Stage::finished : Stage::unfinished; }

}  // namespace

void remove_abandoned(std::string const& directory, std::uint64_t step, std::span<FileIdentity const> loaded) {
  std::error_code error;
  auto const found = find_abandoned(directory, step, loaded, error);
  if (error) log().warn("{} cannot be searched for unfinished checkpoints: {}", directory, error.message());
  for (auto const& path : found) remove_unless_foreign(path, stage_of(path));
}

Bytes abandoned_bytes(std::string const& directory, std::uint64_t step, std::span<FileIdentity const> loaded) {
  std::error_code error;
  Bytes bytes = 0;
  for (auto const& path : find_abandoned(directory, step, loaded, error)) {
    if (foreign_content(path, stage_of(path)).empty()) bytes += bytes_of(path);
  }
  return bytes;
}

}  // namespace distload
