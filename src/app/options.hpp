/// Converts the configuration to options of library functions.
#pragma once

#include <distload/config/config.hpp>
#include <distload/parallel/process_grid.hpp>
#include <distload/save/saver.hpp>

#include "save/stream/convert_checkpoint.hpp"

namespace distload {

/// Options for the section `save`, which must exist.
SaveOptions save_options(Config const& config);

/// Options for `save.stream`.
ConvertOptions convert_options(Config const& config, ProcessGrid const& grid);

}  // namespace distload
