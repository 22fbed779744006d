/// The command line of distload-inspect.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "inspect/planned.hpp"

namespace distload {

struct InspectArguments {
  std::string path;
  bool devices = false;
  std::optional<std::uint64_t> step;
  bool tensors = false;
  bool extents = false;
  bool verify = false;
  bool json = false;
  std::string html;
  /// Without any of them there is no plan.
  std::optional<std::uint32_t> tensor_parallel;
  std::optional<std::uint32_t> pipeline_parallel;
  std::optional<std::uint32_t> data_parallel;
  std::optional<std::uint32_t> expert_parallel;
  RulesChoice rules;
  std::string strip_prefix;
  std::vector<std::string> extract;
  std::string to = ".";
};

/// @returns nothing if help or the version was asked for; then it has been printed.
/// @throws UsageError
std::optional<InspectArguments> parse_inspect_arguments(int argc, char const* const* argv);

}  // namespace distload
