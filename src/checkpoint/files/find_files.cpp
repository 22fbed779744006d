// Lists a model's directory.
#include "checkpoint/files/find_files.hpp"

#include <algorithm>
#include <optional>
#include <system_error>

#include "checkpoint/files/carried_names.hpp"
#include "checkpoint/files/time_of_change.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;

/// The entry as a CarriedFile; nothing if it is not a regular file or its size cannot be read.
std::optional<CarriedFile> carried_file_of(fs::directory_entry const& entry, std::string const& name) {
  if (!is_carried_name(name) || is_made_by_saving(name)) return std::nullopt;
  std::error_code error;
  if (!entry.is_regular_file(error)) return std::nullopt;
  CarriedFile file;
  file.name = name;
  file.path = entry.path().string();
  file.nbytes = fs::file_size(entry.path(), error);
  if (error) return std::nullopt;
  file.modified = time_of_change(file.path);
  file.by_default = is_carried_by_default(name);
  return file;
}

void find_in(fs::path const& directory, std::string const& folder, std::vector<CarriedFile>& files,
             std::error_code& error) {
  fs::directory_iterator entry(directory / folder, error);
  for (fs::directory_iterator const end; !error && entry != end; entry.increment(error)) {
    auto const name = entry->path().filename().string();
    if (name.starts_with('.')) continue;
    std::error_code not_reachable;
    if (folder.empty() && is_carried_folder(name) && entry->is_directory(not_reachable)) {
      find_in(directory, name, files, error);
    } else if (auto file = carried_file_of(*entry, folder.empty() ? name : folder + "/" + name)) {
      files.push_back(std::move(*file));
    }
  }
}

}  // namespace

std::vector<CarriedFile> find_files(fs::path const& directory, std::vector<std::string>& warnings) {
  std::vector<CarriedFile> files;
  std::error_code error;
  auto const& place = directory.empty() ? fs::path(".") : directory;
  find_in(place, "", files, error);
  if (error) warnings.push_back(place.string() + " cannot be searched for the model's other files: " + error.message());
  std::ranges::sort(files, {}, &CarriedFile::name);
  return files;
}

}  // namespace distload
