/// calibrate: measures the costs of storage, memory and links, for dry runs on this machine.
#pragma once

#include <cstdint>
#include <string>

#include <distload/base/bytes.hpp>
#include <distload/parallel/mpi_environment.hpp>

#include "config/machine.hpp"

namespace distload {

struct CalibrateOptions {
  std::string path;          ///< folder on the storage to measure, or a checkpoint where nothing can be written
  std::string out;           ///< file of the machine; empty: user_machine_path(); "-": only print it
  Bytes bytes = 256 * kMiB;  ///< that each rank writes, reads and copies
  std::uint32_t rounds = 5;  ///< of which the median counts
  double idle_seconds = 3;   ///< before new memory is measured: hosts take back what virtual machines do not use
};

/// Collective, takes `rounds` times some seconds. Every round writes a scratch file of all ranks together, reads it
/// from storage and from the page cache, verifies it mapped, and populates new memory as loads do; ranks also send each
/// other messages. Where `path` is a checkpoint in a folder that cannot be written, its files are read instead, and
/// saving is not measured. The median of the slowest rank counts.
/// @throws IoError            storage failed.
/// @throws NoValidCheckpoint  `path` is neither a folder that can be written nor a checkpoint.
Machine calibrate(MpiEnvironment& mpi, CalibrateOptions const& options);

/// Local, on rank 0: writes the machine to its file, whose folders are made.
/// @returns the path; empty if it is only to be printed.
/// @throws IoError  the system refuses.
/// @throws UsageError  there is no home to write to.
/// @throws ConfigError  there is a file that describes no machine.
std::string write_machine(Machine const& machine, CalibrateOptions const& options);

}  // namespace distload
