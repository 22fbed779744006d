/// From the configuration to the options of what the library does.
#pragma once

#include <distload/config/config.hpp>
#include <distload/parallel/process_grid.hpp>
#include <distload/save/saver.hpp>

#include "save/stream/convert_checkpoint.hpp"

namespace distload {

/// Of the section `save`, which is there.
SaveOptions save_options(Config const& config);

/// Of `save.stream`.
ConvertOptions convert_options(Config const& config, ProcessGrid const& grid);

}  // namespace distload
