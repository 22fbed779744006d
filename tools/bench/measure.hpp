/// Measurement: raw operations, loads and saves of one checkpoint, interleaved, so that all run in the same state of
/// the machine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/base/choices.hpp>

#include "bench/samples.hpp"

namespace distload {

/// Which parameters are loaded.
enum class Part : std::uint8_t { all, column_parallel, row_parallel };

/// "all", "column_parallel", "row_parallel"
std::string_view name_of(Part part) noexcept;

/// In which processes the samples are taken.
enum class Start : std::uint8_t {
  fresh,   ///< each in processes of its own, which do nothing else
  reload,  ///< all in one group of processes, whose memory has been used before
};

/// "fresh", "reload"
std::string_view name_of(Start start) noexcept;

/// Settings of one measurement.
struct MeasureOptions {
  std::vector<ReadEngine> engines = {};
  std::uint32_t rounds = 5;
  Start start = Start::fresh;
  double idle_seconds = 3;  ///< of fresh processes before they begin
  bool cold = false;        ///< drop the files from the page cache before every run
  Part part = Part::all;
  bool reloads = true;              ///< also load into a loaded model
  std::string save_directory = {};  ///< where loaded models are saved and removed again; empty: nothing is saved
};

/// One measured operation.
struct Contender {
  std::string name;  ///< "raw pread, huge pages", "buffered", ...
  std::vector<std::size_t>
      limits;                     ///< indices of the raw operations that it is compared with; none for a raw operation
  Bytes nbytes = 0;               ///< moved by all ranks together
  Samples seconds;                ///< until the slowest rank is done; for a load, without metadata, rules and plan
  Samples whole;                  ///< for a load: with metadata, rules and plan
  Samples metadata;               ///< for a load: reading by rank 0 and sending to all
  Samples predicted;              ///< for a load: the plan's prediction
  std::string engine;             ///< for a load: the engine
  std::string reason;             ///< for a load: why this engine was chosen
  double read_amplification = 0;  ///< for a load; otherwise 0
  std::size_t tensors = 0;        ///< for a load; otherwise 0

  double bytes_per_second() const { return static_cast<double>(nbytes) / seconds.median(); }
  void forget_samples() { seconds = whole = metadata = predicted = {}; }
};

/// A raw operation, which has no limit.
Contender bare(std::string name);

/// An operation that is compared with the better of raw operations.
Contender compared_with(std::vector<std::size_t> limits, std::string name);

struct Measurement {
  std::string checkpoint;
  std::string format;
  MeasureOptions options;
  std::uint32_t ranks = 0;
  std::vector<Contender> contenders;

  /// Of the first load.
  std::size_t tensors() const;
  double read_amplification() const;
};

/// The fastest of the contender's limits; nullptr if it has none.
Contender const* limit_of(Measurement const& measured, Contender const& contender);

/// Ratio of the speed to its limit's speed: the median of the ratios in each round. If the machine's speed varies over
/// seconds, a ratio of medians would compare different states. Precondition: it has a limit.
double share_of_limit(Measurement const& measured, Contender const& contender);

}  // namespace distload
