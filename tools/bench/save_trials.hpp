/// save_trials: saves of a loaded model, beside writing and copying its bytes without distload.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <distload/load/sharded_model.hpp>
#include <distload/parallel/process_grid.hpp>

#include "bench/trial.hpp"

namespace distload {

/// Collective: every engine and format, and the stall of a save in the background. What they write is in `directory`,
/// which is made if it is missing, and removed after each. Grid and model outlive the trials.
/// @param first_number  of the first of them among all trials
std::vector<Trial> save_trials(ProcessGrid const& grid, ShardedModel const& model, std::string const& directory,
                               std::size_t first_number);

}  // namespace distload
