/// The command line of distload-plan-bench.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace distload::plan_bench {

struct Arguments {
  std::string model;
  std::string source;
  std::uint32_t most_ranks = 8192;
  std::uint32_t rounds = 3;
  bool redistributes = false;
  bool predicts = false;
  std::string machine;
};

/// @returns nothing if help or the version was asked for; then it has been printed.
/// @throws UsageError
std::optional<Arguments> parse_plan_bench_arguments(int argc, char const* const* argv);

}  // namespace distload::plan_bench
