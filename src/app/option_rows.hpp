/// OptionRow: an option, or an argument without one, as help, man pages and completion show it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace distload {

/// What can stand for the value of an option.
enum class ValueKind : std::uint8_t { none, text, file, directory, config_key };

struct OptionRow {
  std::vector<std::string> names;   ///< "--out", "-o", the longest first; of an argument: its type
  std::string type;                 ///< "DIR", "{hdf5,safetensors}"; empty for a flag
  std::string what;                 ///< with the default value
  std::string group;                ///< "Options"
  std::vector<std::string> values;  ///< words that the value can be
  ValueKind kind = ValueKind::none;
  bool is_argument = false;
  bool is_required = false;
  bool is_repeatable = false;

  /// "--out,-o DIR"
  std::string heading() const;
};

/// The arguments, then the options, in the order in which `app` got them, except hidden ones.
std::vector<OptionRow> option_rows(CLI::App const& app);

/// The commands of `app`: `distload-bench calibrate`.
std::vector<CLI::App const*> commands_of(CLI::App const& app);

/// "distload [OPTIONS] [CONFIG.yaml|MODEL]"
std::string usage_line(CLI::App const& app);

}  // namespace distload
