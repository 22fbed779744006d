/// The text of --dry-run for a conversion.
#pragma once

#include <string>

#include <distload/config/config.hpp>
#include <distload/load/loader.hpp>
#include <distload/parallel/process_grid.hpp>

#include "app/dry_run.hpp"
#include "save/stream/convert_checkpoint.hpp"

namespace distload {

/// A few lines: bytes, memory, disk, and seconds of reading and of writing, one after the other.
std::string describe_conversion(OpenedCheckpoint const& checkpoint, ConvertOptions const& options,
                                CostModel const& cost, ProcessGrid const& grid, SaveForecast const& save);

}  // namespace distload
