/// measure: raw reading and loading of one checkpoint, interleaved, so that both meet the machine in the same state.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <distload/config/config.hpp>
#include <distload/parallel/process_grid.hpp>

#include "bench/samples.hpp"

namespace distload {

/// One way of getting the bytes into memory.
struct Contender {
  std::string name;  ///< "raw pread", or the engine
  Samples read;   ///< memory taken and filled, until the slowest rank is done; for an engine also verified, exchanged
                  ///< and placed
  Samples whole;  ///< the same with metadata, rules and plan; empty for raw reading
  Samples metadata;  ///< the metadata alone: read by rank 0, sent to all; empty for raw reading
};

struct Measurement {
  Bytes nbytes = 0;  ///< read from storage by all ranks
  std::size_t tensors = 0;
  double read_amplification = 1;
  std::vector<Contender> contenders;  ///< raw reading first
};

/// Collective: `rounds` times raw reading and then a load with each of `engines`, after one round that is not counted.
Measurement measure(ProcessGrid const& grid, Config const& config, std::vector<std::string> const& engines,
                    std::uint32_t rounds);

}  // namespace distload
