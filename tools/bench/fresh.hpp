/// measure_in_fresh_processes: every sample in a group of processes of its own.
#pragma once

#include <optional>

#include <distload/checkpoint/catalog.hpp>
#include <distload/config/config.hpp>
#include <distload/parallel/process_grid.hpp>

#include "bench/launcher.hpp"
#include "bench/measure.hpp"

namespace distload {

/// Collective: runs all trials `rounds` times, in another order each time, after reading the files once if they are to
/// be warm. Rank 0 starts the processes; the others sleep.
/// @param catalog   of the checkpoint in `config`
/// @param launcher  of rank 0; nothing on other ranks
Measurement measure_in_fresh_processes(ProcessGrid const& grid, LoaderOptions const& config,
                                       MeasureOptions const& options, Catalog const& catalog,
                                       std::optional<Launcher> const& launcher);

}  // namespace distload
