/// The command line of distload-infer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <distload/infer/parallel_model.hpp>

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

/// Local, for one rank: the ids of `--tokens`.
/// @throws UsageError            they are no list of whole numbers.
/// @throws IoError, ConfigError  as read_npy; or the array has more than two axes.
TokenBatch read_tokens(std::string const& tokens);

}  // namespace distload
