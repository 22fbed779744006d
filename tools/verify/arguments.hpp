/// The command line of distload-verify.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "verify/verify_checkpoints.hpp"

namespace distload {

struct VerifyArguments {
  std::vector<std::string> paths;
  VerifyOptions options;
  std::string manifest;
  bool json = false;
};

/// Local. @returns nothing if help or the version was asked for; then it has been printed, once in the job.
/// @throws UsageError
std::optional<VerifyArguments> parse_verify_arguments(int argc, char const* const* argv);

}  // namespace distload
