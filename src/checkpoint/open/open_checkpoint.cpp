// Determines the kind of checkpoint at a path.
#include <distload/checkpoint/checkpoint.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include <distload/base/error.hpp>

#include "base/result_file.hpp"
#include "base/text.hpp"
#include "checkpoint/file_name.hpp"
#include "checkpoint/files/find_files.hpp"
#include "checkpoint/hdf5/read_catalog.hpp"
#include "checkpoint/open/read_step.hpp"
#include "checkpoint/open/step_directory.hpp"
#include "checkpoint/safetensors/directory.hpp"
#include "checkpoint/safetensors/file_layout.hpp"
#include "checkpoint/safetensors/find_shards.hpp"
#include "checkpoint/safetensors/model_config_file.hpp"
#include "checkpoint/seal/apply_seal.hpp"
#include "checkpoint/seal/seal.hpp"
#include "checkpoint/unloadable.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;

/// Reads an HDF5 file. If it does not contain the model's config.json, takes that and the carried files from its
/// directory.
Catalog read_hdf5(std::string const& path) {
  auto catalog = read_hdf5_catalog(path);
  if (catalog.metadata.config_json.empty()) {
    auto beside = catalog.metadata;
    read_model_config(fs::path(path).parent_path(), beside);
    if (!beside.config_json.empty()) {
      if (!catalog.metadata.model_name.empty()) beside.model_name = catalog.metadata.model_name;
      if (beside.files.empty()) beside.files = find_files(fs::path(path).parent_path(), catalog.warnings);
      catalog.metadata = std::move(beside);
    }
  }
  return catalog;
}

/// The step that a directory has in its name.
std::optional<std::uint64_t> step_in_name(std::string const& path) {
  std::error_code error;
  auto const name = fs::canonical(path, error).filename().string();
  return step_of_directory_name(replaced_by(name).value_or(name));
}

/// Reads a Hugging Face directory or a safetensors file. Directories written by a Saver have the step in their name.
Catalog read_safetensors(std::string const& path, CutShort cut_short) {
  auto catalog = read_safetensors_catalog(path, cut_short);
  catalog.metadata.step = step_in_name(path).value_or(0);
  return catalog;
}

/// The newest committed and valid step; with `Latest::strict`, the newest step only.
Catalog read_newest(std::string const& directory, std::vector<StepFile> const& steps, Latest latest, SealUse seals) {
  std::vector<std::string> passed_over;
  for (auto const& file : steps) {
    if (latest == Latest::strict && file.step != steps.front().step) break;
    try {
      auto catalog = read_step(file, seals);
      catalog.warnings.insert(catalog.warnings.begin(), passed_over.begin(), passed_over.end());
      return catalog;
    } catch (NoValidCheckpoint const& error) {
      passed_over.push_back("passed over: " + std::string(error.what()));
    } catch (CorruptData const& error) {
      passed_over.push_back("passed over: " + std::string(error.what()));
    } catch (IoError const& error) {
      passed_over.push_back("passed over: " + std::string(error.what()));
    }
  }
  auto message = directory + (latest == Latest::strict ? ": its newest step, " + std::to_string(steps.front().step) +
                                                             ", is not valid, and no other is wanted"
                                                       : ": holds no valid checkpoint");
  for (auto const& reason : passed_over) message += "\n  " + reason;
  throw NoValidCheckpoint(message);
}

/// The snapshot that `refs/main` names in a model's folder of a Hugging Face Hub cache, or the only one; nothing if
/// `path` is no such folder.
/// @throws NoValidCheckpoint  it names none that exists, or several are there.
std::optional<std::string> snapshot_of(std::string const& path) {
  auto const snapshots = fs::path(path) / "snapshots";
  std::error_code error;
  if (!fs::is_directory(snapshots, error)) return std::nullopt;
  std::ifstream file(fs::path(path) / "refs" / "main");
  if (std::string revision; file >> revision) {
    auto const snapshot = snapshots / fs::path(revision).filename();
    if (fs::is_directory(snapshot, error)) return snapshot.string();
    throw NoValidCheckpoint(path + ": refs/main names " + printable(revision) +
                            ", which is not among the snapshots: its download is not complete");
  }
  std::vector<std::string> found;
  for (fs::directory_iterator entry(snapshots, error), end; !error && entry != end; entry.increment(error)) {
    found.push_back(entry->path().string());
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) return std::nullopt;
  std::ranges::sort(found);
  throw NoValidCheckpoint(path + ": has no refs/main and " + std::to_string(found.size()) +
                          " snapshots: give the path of one, e.g. " + printable(found.front()));
}

/// Reports and the like must not be written to the checkpoint's files.
void keep_files_of(Catalog const& catalog) {
  std::set<fs::path> folders;
  for (auto const& file : catalog.files) {
    keep_from_results(file.path);
    if (catalog.format == SourceFormat::safetensors) folders.insert(fs::path(file.path).parent_path());
  }
  for (auto const& file : catalog.metadata.files) keep_from_results(file.path);
  for (auto const& folder : folders) {
    for (auto const* const name : {"config.json", "params.json", kSafetensorsIndexFile, kSealFile}) {
      keep_from_results((folder / name).string());
    }
  }
}

Catalog read_wanted(std::string const& directory, std::vector<StepFile> const& steps, std::uint64_t wanted,
                    SealUse seals) {
  std::vector<StepFile> found;
  std::string known;
  for (auto const& file : steps) {
    if (file.step == wanted) found.push_back(file);
    known += (known.empty() ? "" : ", ") + std::to_string(file.step);
  }
  if (found.empty()) throw NoValidCheckpoint(directory + ": has no step " + std::to_string(wanted) + ", only " + known);
  return found.size() == 1 ? read_step(found.front(), seals) : read_newest(directory, found, Latest::valid, seals);
}

}  // namespace

Catalog read_step(StepFile const& file, SealUse seals, CutShort cut_short) {
  auto catalog = file.format == SourceFormat::hdf5 ? read_hdf5(file.path) : read_safetensors(file.path, cut_short);
  keep_files_of(catalog);
  apply_seal(catalog, seals);
  return catalog;
}

std::optional<StepFile> single_checkpoint(std::string const& path) {
  std::error_code error;
  auto const status = fs::status(path, error);
  if (error && status.type() != fs::file_type::not_found) throw IoError(path + ": " + error.message());
  if (!fs::exists(status)) throw NoValidCheckpoint(what_is_not_there(path));
  if (!fs::is_directory(status)) {
    if (is_safetensors(path)) return StepFile{0, SourceFormat::safetensors, path};
    if (auto const other = what_file_is(path)) throw NoValidCheckpoint(*other);
    return StepFile{0, SourceFormat::hdf5, path};
  }
  if (is_safetensors(path)) return StepFile{0, SourceFormat::safetensors, path};
  if (auto const snapshot = snapshot_of(path)) return StepFile{0, SourceFormat::safetensors, *snapshot};
  if (list_steps(path).empty() && has_any_shard(path)) return StepFile{0, SourceFormat::safetensors, path};
  return std::nullopt;
}

std::vector<StepFile> steps_to_choose_from(std::string const& path) {
  auto steps = list_steps(path);
  if (steps.empty()) {
    if (auto const other = what_directory_holds(path)) throw NoValidCheckpoint(*other);
    throw NoValidCheckpoint(path + ": holds neither model-step-N.h5 nor model-step-N/ nor *.safetensors");
  }
  return steps;
}

std::optional<std::string> why_not_a_model(std::string const& path) {
  fs::path const file(path);
  std::error_code error;
  if (!path.ends_with(".safetensors") || fs::is_directory(file, error)) return std::nullopt;
  if (file.filename().string().starts_with("adapter_model.")) return what_adapter_is(file);
  auto const whole = whole_model_of(file);
  if (whole.empty()) return std::nullopt;
  return path + " is one of several files of a model: give their directory, " + whole.string();
}

Catalog open_checkpoint(std::string const& path, std::optional<std::uint64_t> step, Latest latest, SealUse seals,
                        CutShort cut_short) {
  if (auto const single = single_checkpoint(path)) {
    auto catalog = read_step(*single, seals, cut_short);
    if (!step) return catalog;
    if (single->format == SourceFormat::safetensors && !step_in_name(path)) {
      throw ConfigError("checkpoint.step: " + path + " is a model without steps, so that no step can be chosen");
    }
    if (catalog.metadata.step == *step) return catalog;
    throw NoValidCheckpoint(path + ": has no step " + std::to_string(*step) + ": it is one checkpoint, of step " +
                            std::to_string(catalog.metadata.step));
  }
  auto const steps = steps_to_choose_from(path);
  return step ? read_wanted(path, steps, *step, seals) : read_newest(path, steps, latest, seals);
}

}  // namespace distload
