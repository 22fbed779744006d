/// The command line of distload-synth.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "synth/choose_sizes.hpp"

namespace distload::synth {

struct Arguments {
  std::string family = "llama";
  std::string size = "1 GB";
  std::string format = "safetensors";
  std::optional<std::string> dtype;
  std::optional<std::string> config;
  std::string quantization;
  std::string rules = "auto";
  bool sparse = false;
  SizeOverrides overrides;
  std::uint64_t seed = 0;
  std::optional<std::uint64_t> step;
  std::optional<std::uint32_t> tensor_parallel;
  std::optional<std::string> shard_size;
  std::optional<std::uint32_t> threads;
  bool force = false;
  std::string out;
};

/// Local. @returns nothing if help or the version was asked for; then it has been printed, once in the job.
/// @throws UsageError
std::optional<Arguments> parse_synth_arguments(int argc, char const* const* argv);

}  // namespace distload::synth
