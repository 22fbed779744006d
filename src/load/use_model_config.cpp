// Reads a config.json that the user names.
#include "load/use_model_config.hpp"

#include <filesystem>

#include <distload/base/error.hpp>

#include "checkpoint/safetensors/model_config_file.hpp"

namespace distload {

void use_model_config(Catalog& catalog, std::string const& path) {
  if (path == "auto") return;
  if (!std::filesystem::is_regular_file(path)) throw ConfigError("model.config: there is no file " + path);
  read_model_config_file(path, catalog.metadata);
}

}  // namespace distload
