// Rank 0 reads the configuration; all ranks parse it.
#include "app/agree_on_config.hpp"

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include <distload/config/parse_config.hpp>

#include "base/wire.hpp"
#include "config/settings_message.hpp"
#include "parallel/all_or_throw.hpp"

namespace distload {
namespace {

/// True for a directory, and for a file with the ending of a checkpoint.
bool is_checkpoint(std::string const& path) {
  std::filesystem::path const file(path);
  std::error_code ignored;
  auto const ending = file.extension();
  return std::filesystem::is_directory(file, ignored) || ending == ".h5" || ending == ".hdf5" ||
         ending == ".safetensors";
}

/// The inputs of the configuration on rank 0, before parsing, as one message.
std::vector<std::byte> configuration_message(CommandLine const& line) {
  WireWriter out;
  bool const has_no_file = is_checkpoint(line.config);
  out.put_text(has_no_file ? "{}" : read_config_text(line.config));
  auto settings = environment_settings(environ);
  if (has_no_file) settings.push_back({"checkpoint.path", line.config, "the command line"});
  for (auto const& text : line.settings) settings.push_back(parse_setting(text));
  if (line.report) settings.push_back({"report.json", *line.report, "--report"});
  if (line.progress) settings.push_back({"report.progress", *line.progress, "--progress"});
  put_settings(out, settings);
  return out.take();
}

Config parse(std::span<std::byte const> message, std::string const& file_name, Config defaults) {
  WireReader in(message);
  auto const text = in.get_text();
  auto const settings = get_settings(in);
  return parse_config(text, file_name, settings, std::move(defaults));
}

}  // namespace

Config configuration_of(CommandLine const& line, Config defaults) {
  return parse(configuration_message(line), line.config, std::move(defaults));
}

Config agree_on_config(Communicator& world, CommandLine const& line) {
  auto const message = bytes_of_rank_0(world, "config", [&] { return configuration_message(line); });
  return all_or_throw(world, "config", [&] { return parse(message, line.config, {}); });
}

}  // namespace distload
