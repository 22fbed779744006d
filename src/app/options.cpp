// Combines settings of several sections.
#include "app/options.hpp"

namespace distload {

SaveOptions save_options(Config const& config) {
  auto options = *config.save;
  options.staging = options.staging.value_or(config.load.staging);
  return options;
}

LoaderOptions loader_options(Config const& config, bool in_place) {
  auto options = static_cast<LoaderOptions const&>(config);
  options.releasable = in_place;
  return options;
}

RedistributeOptions redistribute_options(Config const& config, RedistributeOption const& option) {
  RedistributeOptions options;
  options.pipeline_layers = option.pipeline_layers;
  options.staging = config.load.staging;
  options.memory_limit = config.load.memory_limit;
  options.verify = config.load.verify;
  options.peer_memory = config.load.peer_writes;
  options.huge_pages = config.load.huge_pages;
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
