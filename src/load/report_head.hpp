/// report_head: the common beginning of all reports.
#pragma once

#include <nlohmann/json.hpp>

#include <distload/load/loader.hpp>
#include <distload/parallel/process_grid.hpp>
#include <distload/plan/load_plan.hpp>

namespace distload {

/// Keeps the order of insertion.
using Json = nlohmann::ordered_json;

/// Local: `schema`, `checkpoint`, `model` and `topology`.
Json report_head(Topology const& topology, OpenedCheckpoint const& checkpoint);
inline Json report_head(ProcessGrid const& grid, OpenedCheckpoint const& checkpoint) {
  return report_head(grid.topology(), checkpoint);
}

/// Seconds of opening, reading and exchanging, and of the other stages if they are predicted.
Json predicted_phases_of(Prediction const& predicted);

}  // namespace distload
