/// Machine: nodes, devices and speeds of a machine that loads are predicted for (config/machines, or measured).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/config/config.hpp>

namespace distload {

struct Machine {
  std::string name;                    ///< of the file, without ".yaml"
  std::uint32_t nodes = 1;             ///< `machine.nodes`
  std::uint32_t devices_per_node = 1;  ///< `machine.devices_per_node`; each has one rank
  Bytes device_memory = 0;             ///< `machine.device_memory`, of one device; required
  Bytes device_reserve = 2 * kGiB;     ///< `machine.device_reserve`: of that, for driver and NCCL
  bool on_host = false;                ///< `machine.device` is `host`: ranks have host memory instead of a device
  std::string measured;                ///< `machine.measured`: when and where, for people
  CostModel cost;                      ///< section `cost`, with the keys of a configuration

  std::uint32_t ranks() const noexcept { return nodes * devices_per_node; }
  /// What shards and staging of one rank may use.
  Bytes usable_bytes() const noexcept { return device_memory - device_reserve; }
  /// By rank.
  std::vector<std::uint32_t> node_of() const;
};

/// The machine that `text` describes. Pure.
/// @param file_name  for messages, and for the name
/// @throws ConfigError  as parse_config.
Machine parse_machine(std::string const& text, std::string const& file_name);

/// Local, for one rank: the machine of config/machines with this name or, if it contains '/' or ends in ".yaml", of the
/// file at this path.
/// @throws UsageError   there is none of this name; lists those that exist.
/// @throws ConfigError  the file cannot be read, or as parse_machine.
Machine find_machine(std::string const& name_or_path);

/// The file with the machine that `distload-bench calibrate` has measured: distload/machine.yaml in $XDG_CONFIG_HOME or
/// ~/.config. Empty if neither is known.
std::string user_machine_path();

/// `costs` in the form of a machine's file, with a comment behind each.
/// @param machine  all members; `name` is not written
std::string machine_text(Machine const& machine);

/// The names of all machines of config/machines, sorted.
std::vector<std::string> machine_names();

}  // namespace distload
