/// Replaces the config.json of a checkpoint.
#pragma once

#include <string>

#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// Local: replaces the catalog's config.json, and what is derived from it, by the file at `path`; "auto" keeps the
/// checkpoint's own.
/// @throws ConfigError           there is no such file.
/// @throws CorruptData, IoError  it is not a JSON object, or cannot be read.
void use_model_config(Catalog& catalog, std::string const& path);

}  // namespace distload
