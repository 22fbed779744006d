// Combines settings of several sections.
#include "app/options.hpp"

namespace distload {

SaveOptions save_options(Config const& config) {
  auto options = *config.save;
  options.staging = options.staging.value_or(config.load.staging);
  return options;
}

ConvertOptions convert_options(Config const& config, ProcessGrid const& grid) {
  ConvertOptions options;
  options.engine = config.load.engine;
  options.verify = config.load.verify;
  options.staging_bytes = config.load.staging;
  options.dtype = config.load.dtype;
  options.ranks_of_node = grid.node_size();
  return options;
}

}  // namespace distload
