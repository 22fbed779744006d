// Lists the entries in the way of a save and checks that they may be replaced.
#include "save/commit/target.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <sys/stat.h>

#include <distload/base/error.hpp>

#include "base/system.hpp"
#include "base/utc.hpp"
#include "checkpoint/file_name.hpp"
#include "checkpoint/hdf5/read_catalog.hpp"
#include "checkpoint/safetensors/model_config_file.hpp"
#include "save/commit/durable.hpp"
#include "save/commit/file_space.hpp"
#include "save/commit/foreign_content.hpp"
#include "save/commit/manifest.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kNanoseconds = 1'000'000'000;
constexpr char const* kElsewhere =
    "save as another step (save.step: N) or into another directory (save.directory), or move it away";

std::optional<std::uint64_t> step_of(std::string const& path) {
  auto const name = fs::path(path).filename().string();
  return step_of_name(replaced_by(name).value_or(name));
}

/// The metadata that can be read; little of a damaged checkpoint.
CheckpointMetadata metadata_of(Occupant const& occupant) {
  CheckpointMetadata metadata;
  try {
    if (!occupant.is_directory) return read_hdf5_catalog(occupant.path).metadata;
    read_model_config(occupant.path, metadata);
  } catch (Error const&) {
    metadata = {};
  }
  if (auto const manifest = occupant.is_directory ? read_manifest(occupant.path) : std::nullopt) {
    if (!manifest->model_name.empty()) metadata.model_name = manifest->model_name;
    metadata.created = manifest->created;
  }
  return metadata;
}

/// "out/model-step-3.h5 (model llama, step 3, 1.29 MiB = 1352868 bytes, of 2026-01-02T03:04:05Z)"
std::string describe(Occupant const& occupant) {
  auto const metadata = metadata_of(occupant);
  auto const bytes = bytes_of(occupant.path);
  std::string text = occupant.path + " (";
  text += metadata.model_name.empty() ? "no valid checkpoint" : "model " + metadata.model_name;
  if (auto const step = step_of(occupant.path)) text += ", step " + std::to_string(*step);
  text += ", " + format_bytes(bytes) + " = " + std::to_string(bytes) + " bytes, of ";
  return text + (metadata.created.empty() ? utc_text(occupant.changed_ns / kNanoseconds) : metadata.created) + ")";
}

/// Why `occupant` must never be replaced, for any settings; empty if it may be.
std::string why_never(Occupant const& occupant, Replacement const& may) {
  if (holds_one_of(occupant.path, may.loaded))
    return describe(occupant) + " is being loaded, and is not replaced; " + kElsewhere;
  auto const foreign = foreign_content(occupant.path, Stage::finished);
  if (foreign.empty()) return {};
  return describe(occupant) + " is not replaced, since it holds what distload did not write: " + list_some(foreign) +
         "; " + kElsewhere;
}

[[noreturn]] void refuse(std::string const& path, std::vector<Occupant> const& occupants) {
  std::vector<std::string> there;
  there.reserve(occupants.size());
  for (auto const& occupant : occupants) there.push_back(describe(occupant));
  auto const step = step_of(path);
  auto message = step ? "step " + std::to_string(*step) + " is there already: " : "is there already: ";
  message += list_some(there) + "; save.overwrite: true replaces it, or " + kElsewhere;
  if (step == 0U) message += " (a model that knows no step of its own, like Hugging Face's, is saved as step 0)";
  throw ConfigError(message);
}

}  // namespace

bool Occupant::is_same(Occupant const& other) const noexcept {
  if (identity != other.identity || is_directory != other.is_directory) return false;
  return is_directory || (size_bytes == other.size_bytes && changed_ns == other.changed_ns);
}

Occupant occupant_at(std::string const& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) throw IoError("cannot look at " + path + ": " + system_reason());
  return {path,
          S_ISDIR(status.st_mode),
          {status.st_dev, status.st_ino},
          static_cast<Bytes>(status.st_size),
          status.st_mtim.tv_sec * kNanoseconds + status.st_mtim.tv_nsec};
}

std::vector<Occupant> occupants_of(std::string const& path) {
  auto const folder = folder_of(path);
  auto const name = fs::path(path).filename();
  auto const step = step_of(path);
  std::vector<std::string> paths;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    auto const& other = entry->path();
    if (other.filename() == name || (step && step_of(other.string()) == step)) paths.push_back(other.string());
  }
  if (error && error != std::errc::no_such_file_or_directory && error != std::errc::not_a_directory)
    throw IoError("cannot list " + folder + ": " + error.message());
  std::ranges::sort(paths);
  std::vector<Occupant> occupants;
  occupants.reserve(paths.size());
  for (auto const& found : paths) occupants.push_back(occupant_at(found));
  return occupants;
}

std::vector<Occupant> check_target(std::string const& path, Replacement const& may) {
  auto const occupants = occupants_of(path);
  for (auto const& occupant : occupants) {
    if (auto const why = why_never(occupant, may); !why.empty()) throw ConfigError(why);
  }
  if (!occupants.empty() && !may.overwrite) refuse(path, occupants);
  return occupants;
}

void check_target_again(std::string const& path, Replacement const& may, std::vector<Occupant> const& checked) {
  for (auto const& occupant : occupants_of(path)) {
    auto const is_known = std::ranges::any_of(
        checked, [&](Occupant const& known) { return known.path == occupant.path && known.is_same(occupant); });
    if (!is_known || !may.overwrite) {
      throw ConfigError(occupant.path + " has come, or was changed, while this was being saved, and is not replaced; " +
                        kElsewhere);
    }
    // A file has the checked identity; the content of a directory may have changed.
    auto const foreign =
        occupant.is_directory ? foreign_content(occupant.path, Stage::finished) : std::vector<std::string>{};
    if (foreign.empty()) continue;
    throw ConfigError(occupant.path + " is not replaced, since it holds what distload did not write: " +
                      list_some(foreign) + "; " + kElsewhere);
  }
}

void check_temporary(std::string const& path) {
  auto const temporary = temporary_name(path);
  std::error_code error;
  if (!fs::exists(fs::symlink_status(temporary, error))) return;
  if (use_of(temporary) == Use::in_use) throw IoError(temporary + " is being written by another process");
  auto const foreign = foreign_content(temporary, Stage::unfinished);
  if (foreign.empty()) return;
  throw ConfigError(temporary +
                    " has the name that the checkpoint has while it is written, and is not removed, since it "
                    "holds what distload did not write: " +
                    list_some(foreign) + "; " + kElsewhere);
}

}  // namespace distload
