/// report_head: the common beginning of all reports.
#pragma once

#include <nlohmann/json.hpp>

#include <distload/load/loader.hpp>
#include <distload/parallel/process_grid.hpp>

namespace distload {

/// Keeps the order of insertion.
using Json = nlohmann::ordered_json;

/// Local: `schema`, `checkpoint`, `model` and `topology`.
Json report_head(ProcessGrid const& grid, OpenedCheckpoint const& checkpoint);

}  // namespace distload
