/// Converts the configuration to options of library functions.
#pragma once

#include <distload/config/config.hpp>
#include <distload/parallel/process_grid.hpp>
#include <distload/redistribute/redistributor.hpp>
#include <distload/save/saver.hpp>

#include "app/redistribute_option.hpp"
#include "save/stream/convert_checkpoint.hpp"

namespace distload {

/// Options for the section `save`, which must exist.
SaveOptions save_options(Config const& config);

/// Options of the loader.
/// @param in_place  the model is redistributed in place afterwards
LoaderOptions loader_options(Config const& config, bool in_place);

/// Options for --redistribute. The section `load` applies to it as well.
RedistributeOptions redistribute_options(Config const& config, RedistributeOption const& option);

/// Options for `save.stream`.
ConvertOptions convert_options(Config const& config, ProcessGrid const& grid);

}  // namespace distload
