/// The command line of distload-bench.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <distload/config/config.hpp>

#include "bench/calibrate.hpp"
#include "bench/infer_options.hpp"
#include "bench/measure.hpp"
#include "bench/overlap.hpp"
#include "bench/redistribute_measure.hpp"

namespace distload {

struct BenchArguments {
  LoaderOptions config;
  MeasureOptions measured{.engines = {ReadEngine::buffered, ReadEngine::collective, ReadEngine::direct,
                                      ReadEngine::mmap, ReadEngine::automatic}};
  std::vector<std::string> checkpoints;
  std::vector<std::string> states{"warm", "cold"};
  std::vector<Part> parts{Part::all};
  std::string make;
  std::string size = "4GB";
  std::string json;
  std::string launcher;
  std::string sample;  ///< the contender that these fresh processes run; empty: they are not fresh
  bool no_verify = false;
  bool fresh = false;
  bool repeat = false;
  bool calibrate = false;
  CalibrateOptions calibrated;
  bool infer = false;
  InferOptions computed;
  bool overlap = false;
  OverlapOptions overlapped;
  bool redistribute = false;
  RedistributeBenchOptions redistributed;
};

/// Local. @returns nothing if help or the version was asked for; then it has been printed, once in the job.
/// @throws UsageError  also if options contradict each other.
std::optional<BenchArguments> parse_bench_arguments(int argc, char const* const* argv);

}  // namespace distload
