/// infer: loads a model, computes with it, compares what it has computed, and reports.
#pragma once

#include <distload/config/config.hpp>
#include <distload/parallel/mpi_environment.hpp>
#include <distload/parallel/process_grid.hpp>
#include <distload/parallel/watchdog.hpp>

#include "infer/arguments.hpp"

namespace distload {

/// Collective over the ranks of `grid`.
/// @throws OutputsDiffer  an output is not what it is compared with.
void run_inference(MpiEnvironment& mpi, Config const& config, InferArguments const& arguments, ProcessGrid const& grid,
                   Watchdog& watchdog);

}  // namespace distload
