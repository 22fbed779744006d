/// The text of --dry-run for a conversion.
#pragma once

#include <string>

#include <distload/config/config.hpp>
#include <distload/load/loader.hpp>
#include <distload/parallel/process_grid.hpp>

#include "save/stream/convert_checkpoint.hpp"

namespace distload {

/// A few lines: bytes, memory, and seconds at the storage's bandwidth, which reads and writes share.
std::string describe_conversion(OpenedCheckpoint const& checkpoint, ConvertOptions const& options,
                                CostModel const& cost, ProcessGrid const& grid);

}  // namespace distload
