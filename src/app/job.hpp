/// What the program does with its configuration: loads, saves, reports.
#pragma once

#include <distload/base/error.hpp>
#include <distload/config/config.hpp>
#include <distload/parallel/process_grid.hpp>

#include <distload/parallel/watchdog.hpp>

namespace distload {

/// Collective over the grid: loads the checkpoint; saves it where that is configured; then writes the report, so that
/// nothing that is wrong with the report costs the save. A dry run only says what would be done.
/// @throws Error  on all ranks.
ExitCode load_and_save(Config const& config, ProcessGrid const& grid, Watchdog& watchdog, bool dry_run);

}  // namespace distload
