/// Executes the configuration: loads, saves, reports.
#pragma once

#include <distload/base/error.hpp>
#include <distload/config/config.hpp>
#include <distload/parallel/process_grid.hpp>

#include <distload/parallel/watchdog.hpp>

namespace distload {

/// Collective over the grid: loads the checkpoint, saves it if configured, then writes the report; a problem of the
/// report does not prevent the save. A dry run only prints what would be done.
/// @throws Error  on all ranks.
void load_and_save(Config const& config, ProcessGrid const& grid, Watchdog& watchdog, bool dry_run);

}  // namespace distload
