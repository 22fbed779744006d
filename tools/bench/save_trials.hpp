/// save_trials: saves of a loaded model, compared with raw writes and copies of its bytes.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include <distload/load/sharded_model.hpp>
#include <distload/parallel/process_grid.hpp>

#include "bench/trial.hpp"

namespace distload {

/// Local: trials of every engine and format, and of the stall of a background save. They write to `directory`, which is
/// created if missing, and remove their files. The grid must outlive the trials.
/// @param model         collective: the model to save, the same in every call
/// @param first_number  number of the first of them among all trials
std::vector<Trial> save_trials(ProcessGrid const& grid, std::function<ShardedModel const&()> model,
                               std::string directory, std::size_t first_number);

}  // namespace distload
