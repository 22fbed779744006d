// Checks folders and free space.
#include "save/commit/file_space.hpp"

#include <filesystem>
#include <system_error>

#include <distload/base/error.hpp>

#include "base/system.hpp"
#include "save/commit/durable.hpp"

namespace distload {

std::string folder_of(std::string const& path) {
  auto const folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? "." : folder.string();
}

void make_folder_of(std::string const& path) {
  std::error_code error;
  auto const folder = folder_of(path);
  if (std::filesystem::exists(folder, error)) return;
  make_folder_of(folder);
  std::filesystem::create_directory(folder, error);
  if (error) throw IoError("creating the folder " + folder + " failed: " + error.message());
  sync_directory(folder_of(folder));
}

std::optional<Bytes> available_space(std::string const& path) {
  std::error_code error;
  auto folder = std::filesystem::absolute(folder_of(path), error);
  while (!std::filesystem::exists(folder, error) && folder.has_relative_path()) folder = folder.parent_path();
  auto const space = std::filesystem::space(folder, error);
  if (error || space.capacity == 0) return std::nullopt;
  return space.available;
}

void check_space(std::string const& path, Bytes needed) {
  auto const available = available_space(path);
  if (!available || *available >= needed) return;
  throw IoError(path + " needs " + format_bytes(needed) + " (" + std::to_string(needed) +
                " bytes), but its file system has only " + format_bytes(*available) + " (" +
                std::to_string(*available) + " bytes) left");
}

void check_folder_can_be_made(std::string const& folder, Probe how) {
  // Walking up is not sufficient: a file or a dangling link may have the name of a folder.
  namespace fs = std::filesystem;
  std::error_code error;
  auto there = fs::absolute(folder, error);
  while (!fs::exists(fs::symlink_status(there, error)) && there.has_relative_path()) there = there.parent_path();
  try {
    check_folder(there.string(), how);
  } catch (IoError const& refusal) {
    if (fs::absolute(folder, error) == there) throw;
    throw IoError(folder + " cannot be made: " + refusal.what());
  }
}

std::string describe_space(std::string const& path) {
  std::error_code error;
  auto const left = std::filesystem::space(path, error).available;
  auto text = error ? "what is left on its file system is not known: " + error.message()
                    : format_bytes(left) + " (" + std::to_string(left) + " bytes) are left on its file system";
  if (auto const limit = file_size_limit()) text += ", and the file size limit (ulimit -f) is " + format_bytes(*limit);
  return text;
}

}  // namespace distload
