/// measure: bare reading and loading of one checkpoint, interleaved, so that all meet the machine in the same state.
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

/// What is measured together.
struct MeasureOptions {
  std::vector<ReadEngine> engines = {};
  std::uint32_t rounds = 5;
  bool cold = false;  ///< the files leave the page cache before every run
  Part part = Part::all;
  std::string save_directory = {};  ///< where what was loaded is saved, and removed again; empty: nothing is saved
};

/// One way of getting bytes somewhere.
struct Contender {
  std::string name;                  ///< "raw pread", "engine buffered", ...
  std::optional<std::size_t> limit;  ///< number of the bare operation that it is held against; itself has none
  Bytes nbytes = 0;                  ///< moved by all ranks together
  Samples seconds;                   ///< until the slowest rank is done; of a load, without metadata, rules and plan
  Samples metadata;                  ///< of a load: read by rank 0, sent to all
  Samples predicted;                 ///< of a load: by the plan
  std::string engine;                ///< of a load: what read
  std::string reason;                ///< of a load: why that

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

/// Speed as a share of the limit's: the median of the ratios within each round. A machine that is now fast, now slow,
/// by whole seconds would make a ratio of medians compare one state with the other.
double share_of_limit(Measurement const& measured, Contender const& contender);

/// Collective: sends a checkpoint's files out of the page cache.
void forget_files(Communicator& world, Catalog const& catalog);

/// Collective: after one round that is not counted, `rounds` times every contender in turn.
Measurement measure(ProcessGrid const& grid, LoaderOptions const& config, MeasureOptions const& options);

}  // namespace distload
