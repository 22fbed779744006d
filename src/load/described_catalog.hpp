/// described_catalog: a model without weights, for plans.
#pragma once

#include <optional>

#include <distload/checkpoint/catalog.hpp>
#include <distload/config/config.hpp>

namespace distload {

/// Local: the tensors that a config.json and the rules of its family describe, as one safetensors file would hold them.
/// `Catalog::files` has config.json in its place. Nothing if `options.checkpoint.path` is neither a config.json nor a
/// folder with one, or if weights are there.
/// @throws ConfigError           the family is unknown, or its rules and config.json do not determine all tensors.
/// @throws CorruptData, IoError  as read_model_config_file.
std::optional<Catalog> described_catalog(LoaderOptions const& options);

}  // namespace distload
