/// The command line of distload-infer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace distload {

struct InferArguments {
  std::string config;                 ///< a configuration, or a checkpoint
  std::vector<std::string> settings;  ///< values of --set
  std::string tokens;                 ///< a list of ids, or the path of an .npy file
  std::uint64_t generate = 0;         ///< tokens
  std::string logits;                 ///< path; empty: not written
  std::string outputs;                ///< directory; empty: not written
  std::string against;                ///< "one-rank", the path of an .npy file or of a directory; empty: not compared
  double tolerance = 1e-4;            ///< of files
  std::string report;                 ///< path; empty: not written
};

/// Local. @returns nothing if help or the version was asked for; then it has been printed, once in the job.
/// @throws UsageError
std::optional<InferArguments> parse_infer_arguments(int argc, char const* const* argv);

}  // namespace distload
