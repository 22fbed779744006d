/// Questions about a model that a job asks before and after it loads it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <distload/config/config.hpp>
#include <distload/infer/parallel_model.hpp>
#include <distload/parallel/process_grid.hpp>
#include <distload/partition/opened_checkpoint.hpp>
#include <distload/plan/load_plan.hpp>

namespace distload {

/// Local: checks that the model can compute with the tokens, and that this rank has the memory to load the model and to
/// compute with it.
/// @throws OutOfBudget  it has not: with the bytes of both and the limit.
/// @throws ConfigError  the family is not computed, or as check_tokens.
void check_activations(ProcessGrid const& grid, Config const& config, OpenedCheckpoint const& checkpoint,
                       LoadPlan const& plan, TokenBatch const& ids, std::uint64_t generate);

/// Collective: the layers of all stages whose results depend on the number of ranks, on all ranks.
std::vector<std::string> agreed_inexact_layers(ProcessGrid const& grid, ParallelModel const& model);

}  // namespace distload
