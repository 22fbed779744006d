/// measure_redistribution: how fast a loaded model is brought onto other numbers of ranks, beside memcpy.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <distload/config/config.hpp>
#include <distload/parallel/process_grid.hpp>
#include <distload/redistribute/redistributor.hpp>

#include "bench/samples.hpp"

namespace distload {

struct RedistributeBenchOptions {
  std::vector<std::uint32_t> chain{4, 2, 8};  ///< tensor-parallel ranks, one after the other
  std::uint32_t rounds = 3;                   ///< counted ones
  bool verify = false;
  bool in_place = false;
  bool peer_memory = true;
  bool share = true;
};

/// From one number of ranks to the next.
struct RedistributeStep {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  Bytes model_bytes = 0;          ///< of all shards of the outcome
  RedistributeTimes times;        ///< of the last round
  Samples seconds;                ///< from the call until the slowest rank has its shards
  Samples small_pages;            ///< of memcpy by the outcome's ranks of as many bytes into new memory of small pages
  Samples huge_pages;             ///< likewise of huge pages
  Bytes peak_resident_bytes = 0;  ///< of the process that had most, during the redistributions
  bool is_right = false;          ///< all shards have the hashes of a load

  /// Of memcpy with the faster pages.
  double limit_seconds() const { return std::min(small_pages.median(), huge_pages.median()); }
};

/// Collective over `grid.world()`: loads the model onto the first ranks, and redistributes it along the chain.
std::vector<RedistributeStep> measure_redistribution(ProcessGrid const& grid, LoaderOptions config,
                                                     RedistributeBenchOptions const& options);

std::string table_of(std::vector<RedistributeStep> const& steps);
std::string json_of(std::vector<RedistributeStep> const& steps);

}  // namespace distload
