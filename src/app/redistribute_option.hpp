/// The value of --redistribute: the topology that a loaded model is brought into.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <distload/base/topology.hpp>

namespace distload {

/// As the section `topology` of the configuration; what is not named has that section's default.
struct RedistributeOption {
  std::optional<std::uint32_t> tensor_parallel = {};
  std::uint32_t pipeline_parallel = 1;
  std::optional<std::uint32_t> data_parallel = {};
  std::uint32_t expert_parallel = 1;
  std::vector<std::uint32_t> pipeline_layers = {};

  /// @throws ConfigError  as `resolve_topology`, with the name of the option.
  Topology topology(std::uint32_t ranks) const;
};

/// Parses "tensor_parallel=2,data_parallel=2"; `pipeline_layers` has its numbers separated by colons: 20:28.
/// @throws UsageError  an unknown or repeated key, or a value that is no number from 1 on.
RedistributeOption parse_redistribute_option(std::string const& text);

}  // namespace distload
