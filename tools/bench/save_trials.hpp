/// save_trials: saves of a loaded model, compared with raw writes and copies of its bytes.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <distload/load/sharded_model.hpp>
#include <distload/parallel/process_grid.hpp>

#include "bench/trial.hpp"

namespace distload {

/// Collective: trials of every engine and format, and of the stall of a background save. They write to `directory`,
/// which is created if missing, and remove their files. Grid and model must outlive the trials.
/// @param first_number  number of the first of them among all trials
std::vector<Trial> save_trials(ProcessGrid const& grid, ShardedModel const& model, std::string const& directory,
                               std::size_t first_number);

}  // namespace distload
