/// measure_overlap: loads on the emulated device with artificial latencies, to see which stages run at the same time.
#pragma once

#include <cstdint>
#include <string>

#include <distload/config/config.hpp>
#include <distload/parallel/process_grid.hpp>

namespace distload {

struct OverlapOptions {
  std::uint32_t milliseconds = 20;  ///< that every stage of a wave takes at least
  std::string trace;                ///< path of a Chrome trace; empty: none
};

/// Collective over the grid: loads `config.checkpoint` once, by messages between all ranks, while each of the stages
/// read, upload, pack, exchange and place of a wave sleeps first. @returns the timeline and the sums as text, on rank
/// 0.
/// @throws ConfigError  in a CUDA build, which has no emulated device; on all ranks.
std::string measure_overlap(ProcessGrid const& grid, LoaderOptions config, OverlapOptions const& options);

}  // namespace distload
