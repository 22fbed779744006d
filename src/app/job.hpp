/// Executes the configuration: loads, saves, reports.
#pragma once

#include <optional>

#include <distload/base/error.hpp>
#include <distload/config/config.hpp>
#include <distload/parallel/process_grid.hpp>
#include <distload/parallel/watchdog.hpp>

#include "app/redistribute_option.hpp"

namespace distload {

/// What the command line says of a job.
struct JobOptions {
  bool dry_run = false;                            ///< only print what would be done
  bool rows = false;                               ///< of a dry run: also ranks and tensors
  std::optional<RedistributeOption> redistribute;  ///< the topology into which the loaded model is brought
  bool in_place = false;                           ///< free the loaded shards on the way
};

/// Collective over the grid: loads the checkpoint, redistributes it if asked, saves it if configured, then writes the
/// report; a problem of the report does not prevent the save.
/// @throws Error  on all ranks.
void load_and_save(Config const& config, ProcessGrid const& grid, Watchdog& watchdog, JobOptions const& options);

}  // namespace distload
