/// run_configured_job: the common start of programs that are configured by YAML and compute with Kokkos.
#pragma once

#include <functional>

#include <distload/config/config.hpp>
#include <distload/parallel/mpi_environment.hpp>
#include <distload/parallel/process_grid.hpp>
#include <distload/parallel/watchdog.hpp>

#include "app/command_line.hpp"

namespace distload {

/// Collective over all ranks of the job: makes the configuration, the watchdog and the grid, gives every rank its
/// device, starts Kokkos, runs `body` in the watchdog's phase "start", and ends Kokkos.
/// @param needs_device  true if the job computes where shards lie. In a build for devices Kokkos is started only then.
/// @throws ConfigError, UsageError  on all ranks.
/// @throws CommunicationError  the job needs devices and has none that it can use; on all ranks, before anything is
/// read.
void run_configured_job(MpiEnvironment& mpi, CommandLine const& line,
                        std::function<bool(Config const&)> const& needs_device,
                        std::function<void(Config const&, ProcessGrid const&, Watchdog&)> const& body);

}  // namespace distload
