/// measure: raw reads and loads of one checkpoint, interleaved, so that all run in the same state of the machine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <distload/checkpoint/catalog.hpp>
#include <distload/config/config.hpp>
#include <distload/parallel/process_grid.hpp>

#include "bench/samples.hpp"

namespace distload {

/// Which parameters are loaded.
enum class Part : std::uint8_t { all, column_parallel, row_parallel };

/// "all", "column_parallel", "row_parallel"
std::string_view name_of(Part part) noexcept;

/// Settings of one measurement.
struct MeasureOptions {
  std::vector<ReadEngine> engines = {};
  std::uint32_t rounds = 5;
  bool cold = false;  ///< drop the files from the page cache before every run
  Part part = Part::all;
  std::string save_directory = {};  ///< where loaded models are saved and removed again; empty: nothing is saved
};

/// One measured operation.
struct Contender {
  std::string name;  ///< "raw pread", "engine buffered", ...
  std::optional<std::size_t>
      limit;           ///< index of the raw operation that it is compared with; nothing for raw operations
  Bytes nbytes = 0;    ///< moved by all ranks together
  Samples seconds;     ///< until the slowest rank is done; for a load, without metadata, rules and plan
  Samples metadata;    ///< for a load: reading by rank 0 and sending to all
  Samples predicted;   ///< for a load: the plan's prediction
  std::string engine;  ///< for a load: the engine
  std::string reason;  ///< for a load: why this engine was chosen

  double bytes_per_second() const { return static_cast<double>(nbytes) / seconds.median(); }
};

struct Measurement {
  std::string checkpoint;
  std::string format;
  MeasureOptions options;
  std::uint32_t ranks = 0;
  std::size_t tensors = 0;
  double read_amplification = 1;
  std::vector<Contender> contenders;
};

/// Ratio of the speed to the limit's speed: the median of the ratios in each round. If the machine's speed varies over
/// seconds, a ratio of medians would compare different states.
double share_of_limit(Measurement const& measured, Contender const& contender);

/// Collective: drops a checkpoint's files from the page cache.
void forget_files(Communicator& world, Catalog const& catalog);

/// Collective: runs all contenders in turn, one uncounted round and then `rounds` rounds.
Measurement measure(ProcessGrid const& grid, LoaderOptions const& config, MeasureOptions const& options);

}  // namespace distload
