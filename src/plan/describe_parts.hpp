/// Parts of the text of a plan.
#pragma once

#include <string>

#include <distload/checkpoint/catalog.hpp>
#include <distload/partition/model_layout.hpp>
#include <distload/plan/load_plan.hpp>

namespace distload {

/// A row for each pipeline stage: layers, ranks, memory.
std::string stages_table(LoadPlan const& plan, ModelLayout const& layout);

/// A row for each rank: bytes held, read and exchanged.
std::string ranks_table(LoadPlan const& plan);

/// A row for each parameter: its partition, shard and strategy.
std::string parameters_table(LoadPlan const& plan, Catalog const& catalog, ModelLayout const& layout);

/// "12.3 ms (read 10.1 ms, memory 2.2 ms), limited by read": the stages that take time, and the slowest one if there
/// are others.
std::string prediction_text(Prediction const& predicted);

/// Warnings and aliases, a line each.
std::string notes_on(ModelLayout const& layout);

}  // namespace distload
