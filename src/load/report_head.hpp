/// report_head: what every report begins with, whatever was done.
#pragma once

#include <nlohmann/json.hpp>

#include <distload/load/loader.hpp>
#include <distload/parallel/process_grid.hpp>

namespace distload {

/// Keeps the order in which members are put in.
using Json = nlohmann::ordered_json;

/// Local: `schema`, `checkpoint`, `model` and `topology`.
Json report_head(ProcessGrid const& grid, OpenedCheckpoint const& checkpoint);

}  // namespace distload
