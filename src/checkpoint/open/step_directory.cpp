// Lists steps.
#include "checkpoint/open/step_directory.hpp"

#include <algorithm>
#include <filesystem>

#include <distload/base/error.hpp>

#include "checkpoint/file_name.hpp"

namespace distload {

std::vector<StepFile> list_steps(std::string const& directory) {
  std::vector<StepFile> steps;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory, error), end; entry != end && !error;
       entry.increment(error)) {
    auto const name = entry->path().filename().string();
    if (auto const step = step_of_file_name(name)) steps.push_back({*step, SourceFormat::hdf5, entry->path().string()});
    std::error_code not_reachable;
    if (auto const step = step_of_directory_name(name); step && entry->is_directory(not_reachable))
      steps.push_back({*step, SourceFormat::safetensors, entry->path().string()});
    // A crash between the two renames of a replacement leaves such a directory.
    auto const original = replaced_by(name);
    auto const step = original ? step_of_directory_name(*original) : std::nullopt;
    if (step && !std::filesystem::exists(entry->path().parent_path() / *original, not_reachable))
      steps.push_back({*step, SourceFormat::safetensors, entry->path().string()});
  }
  if (error) throw IoError("cannot list " + directory + ": " + error.message());
  std::sort(steps.begin(), steps.end(), [](StepFile const& a, StepFile const& b) {
    return a.step != b.step ? a.step > b.step : a.format < b.format;
  });
  return steps;
}

}  // namespace distload
