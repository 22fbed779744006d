// Key by key.
#include "app/options.hpp"

#include <string_view>

#include "load/load_dtype.hpp"

namespace distload {
namespace {

VerifyAfterWrite verify_after_write(std::string_view configured) {
  if (configured == "none") return VerifyAfterWrite::none;
  return configured == "full" ? VerifyAfterWrite::full : VerifyAfterWrite::index;
}

}  // namespace

SaveOptions save_options(Config const& config) {
  auto const& save = *config.save;
  SaveOptions options;
  options.directory = save.directory;
  options.tensor_parallel = save.tensor_parallel;
  options.keep = save.keep;
  options.alignment = save.alignment;
  options.staging = config.load.staging;
  options.format = save.format == "hdf5" ? SourceFormat::hdf5 : SourceFormat::safetensors;
  options.shard_size = save.shard_size;
  options.engine = save.engine;
  options.verify = verify_after_write(save.verify);
  options.base = save.base;
  options.async_staging = save.async_staging;
  options.files = save.files;
  options.timeout = config.runtime.timeout;
  return options;
}

ConvertOptions convert_options(Config const& config, ProcessGrid const& grid) {
  ConvertOptions options;
  options.engine = config.load.engine;
  options.verify = config.load.verify;
  options.staging_bytes = config.load.staging;
  options.dtype = load_dtype(config.load.dtype);
  options.ranks_of_node = grid.node_size();
  return options;
}

}  // namespace distload
