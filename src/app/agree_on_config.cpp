// Rank 0 reads the configuration; all ranks parse it.
#include "app/agree_on_config.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <unistd.h>

#include <distload/base/error.hpp>
#include <distload/config/parse_config.hpp>

#include "base/wire.hpp"
#include "config/machine.hpp"
#include "config/settings_message.hpp"
#include "parallel/all_or_throw.hpp"

namespace distload {
namespace {

constexpr char const* kPathKey = "checkpoint.path";
/// Before the name of a checkpoint's index.
constexpr std::string_view kIndexEnding = ".safetensors.index.json";

/// True if the beginning of a file has a NUL, as no text has: weights in any format.
bool is_binary(std::filesystem::path const& path) {
  std::array<char, 512> head{};
  std::ifstream file(path, std::ios::binary);
  file.read(head.data(), head.size());
  std::string_view const text(head.data(), static_cast<std::size_t>(file.gcount()));
  return text.find('\0') != std::string_view::npos;
}

/// True for the config.json of a model, which can be planned for without its weights. A configuration may have that
/// name.
bool is_model_config(std::filesystem::path const& path) {
  if (path.filename() != "config.json") return false;
  std::ifstream file(path);
  std::string const text(std::istreambuf_iterator<char>(file), {});
  return text.find("\"model_type\"") != std::string::npos || text.find("\"architectures\"") != std::string::npos;
}

/// True for a directory, a file with the ending of a checkpoint or of its index, one that is no text, and a name that
/// is neither a file nor one of a configuration: opening it as a checkpoint says what it may be.
bool is_checkpoint(std::string const& path) {
  std::filesystem::path const file(path);
  std::error_code ignored;
  if (is_model_config(file)) return true;
  if (std::filesystem::is_directory(file, ignored) || path.ends_with(kIndexEnding)) return true;
  auto const ending = file.extension();
  if (ending == ".h5" || ending == ".hdf5" || ending == ".safetensors") return true;
  if (std::filesystem::is_regular_file(file, ignored) && is_binary(file)) return true;
  return ending != ".yaml" && ending != ".yml" && ending != ".json" && !std::filesystem::exists(file, ignored);
}

/// The file that `distload-bench calibrate` has written; without a path if there is none.
struct MachineFile {
  std::string path;
  std::string text;
};

MachineFile user_machine_file() {
  auto const path = user_machine_path();
  std::error_code ignored;
  if (path.empty() || !std::filesystem::exists(path, ignored)) return {};
  return {path, read_config_text(path)};
}

/// The inputs of the configuration on rank 0, before parsing, as one message.
std::vector<std::byte> configuration_message(CommandLine const& line) {
  WireWriter out;
  auto const* const home = std::getenv("HOME");
  out.put_text(home == nullptr ? "" : home);
  bool const has_no_file = line.config.empty() || is_checkpoint(line.config);
  out.put_text(has_no_file ? "{}" : read_config_text(line.config));
  auto const machine = user_machine_file();
  out.put_text(machine.path);
  out.put_text(machine.text);
  auto settings = environment_settings(environ);
  if (has_no_file && !line.config.empty()) settings.push_back({kPathKey, line.config, "the command line"});
  for (auto const& text : line.settings) settings.push_back(parse_setting(text));
  settings.insert(settings.end(), line.short_forms.begin(), line.short_forms.end());
  if (line.config.empty() && std::ranges::find(settings, kPathKey, &Setting::key) == settings.end()) {
    throw UsageError(
        "neither a checkpoint nor a configuration is given: distload CHECKPOINT, or distload config.yaml (distload "
        "--help shows how it is used)");
  }
  put_settings(out, settings);
  return out.take();
}

/// Puts the user's folder in the place of "~/" in front of paths: shells leave it behind "KEY=", and files have it.
void replace_home(Config& config, std::string const& home) {
  auto const replace = [&](std::string& path) {
    if (path.starts_with("~/") && !home.empty()) path.replace(0, 1, home);
  };
  replace(config.checkpoint.path);
  replace(config.model.rules);
  replace(config.model.config);
  replace(config.report.json);
  replace(config.report.trace);
  if (!config.save) return;
  replace(config.save->directory);
  replace(config.save->base);
}

/// @param costs  instead of those that the user's machine has
Config parse(std::span<std::byte const> message, std::string const& file_name, std::optional<CostModel> const& costs) {
  WireReader in(message);
  auto const home = in.get_text();
  auto const text = in.get_text();
  auto const machine = in.get_text();
  auto const of_machine = in.get_text();
  Config defaults;
  if (costs) {
    defaults.cost = *costs;
  } else if (!machine.empty()) {
    defaults.cost = parse_machine(of_machine, machine).cost;
  }
  auto const settings = get_settings(in);
  auto config = parse_config(text, file_name, settings, std::move(defaults));
  replace_home(config, home);
  return config;
}

}  // namespace

Config configuration_of(CommandLine const& line, CostModel const& costs) {
  return parse(configuration_message(line), line.config, costs);
}

std::string source_of_costs(CostModel const& used) {
  auto const file = user_machine_file();
  auto const machine = file.path.empty() ? Machine{} : parse_machine(file.text, file.path);
  auto text = !file.path.empty()
                  ? file.path + (machine.measured.empty() ? "" : ", measured " + machine.measured)
                  : "built-in, of no machine in particular; `distload-bench calibrate FOLDER` measures this one's";
  if (used == machine.cost) return text;
  return "of the configuration; otherwise " + text;
}

Config agree_on_config(Communicator& world, CommandLine const& line) {
  auto const message = bytes_of_rank_0(world, "config", [&] { return configuration_message(line); });
  return all_or_throw(world, "config", [&] { return parse(message, line.config, std::nullopt); });
}

}  // namespace distload
