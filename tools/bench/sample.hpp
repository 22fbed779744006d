/// Sample: one run of one contender in processes of its own, and the text by which it is told to them and back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <distload/config/config.hpp>
#include <distload/parallel/process_grid.hpp>

#include "bench/measure.hpp"

namespace distload {

/// The arguments of this program with which it runs `contender` once.
std::vector<std::string> sample_arguments(LoaderOptions const& config, MeasureOptions const& options,
                                          std::string const& contender);

/// Collective, in the fresh processes: prepares the run, is idle, runs, and prints what was measured.
/// @throws UsageError  there is no such contender.
void run_sample(ProcessGrid const& grid, LoaderOptions const& config, MeasureOptions const& options,
                std::string const& contender);

/// Adds what the processes have printed to the samples of `contender`.
/// @throws UsageError  they were not `ranks` processes.
void add_sample(Contender& contender, std::string_view printed, std::uint32_t ranks);

}  // namespace distload
