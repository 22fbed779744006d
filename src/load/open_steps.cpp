// Opens a checkpoint without other ranks.
#include "load/open_steps.hpp"

#include <filesystem>
#include <utility>

#include <distload/base/error.hpp>
#include <distload/checkpoint/checkpoint.hpp>

#include "checkpoint/open/read_step.hpp"
#include "checkpoint/safetensors/model_config_file.hpp"
#include "checkpoint/strip_prefix.hpp"
#include "io/files/same_bytes.hpp"
#include "load/described_catalog.hpp"
#include "load/use_model_config.hpp"
#include "partition/fuse.hpp"
#include "partition/model_recipe.hpp"
#include "partition/rules/rule_directories.hpp"

namespace distload {

namespace {

/// Uses params.json, in which models in Mistral's own format have their sizes, where there is no config.json.
void use_params(Catalog& catalog) {
  if (!catalog.metadata.config_json.empty() || catalog.format != SourceFormat::safetensors) return;
  auto const file = config_file_of(catalog);
  if (!is_params_file(file)) return;
  read_model_config_file(file, catalog.metadata);
  catalog.warnings.push_back(file + ": there is no config.json, so that the model's sizes are those of this file");
}

/// The configured checkpoint or, where that is enough, the tensors that its config.json alone describes.
Catalog open_or_describe(LoaderOptions const& options, CutShort cut_short) {
  if (cut_short == CutShort::accept) {
    if (auto described = described_catalog(options)) return *std::move(described);
  }
  return open_checkpoint(options.checkpoint.path, options.checkpoint.step,
                         options.checkpoint.strict_latest ? Latest::strict : Latest::valid,
                         options.load.verify ? SealUse::refuse_stale : SealUse::warn_of_stale, cut_short);
}

}  // namespace

Catalog read_catalog(LoaderOptions const& options, CutShort cut_short) {
  auto catalog = open_or_describe(options, cut_short);
  if (auto const why = why_not_a_model(options.checkpoint.path)) throw NoValidCheckpoint(*why);
  if (!catalog.described) strip_prefix(catalog, options.model.strip_prefix);
  use_model_config(catalog, options.model.config);
  use_params(catalog);
  return catalog;
}

CheckpointMetadataAndRules read_metadata(LoaderOptions const& options, CutShort cut_short) {
  auto catalog = read_catalog(options, cut_short);
  auto rules =
      find_rules({options.model.family, catalog.metadata.config_json, default_rule_directories(), options.model.rules,
                  options.model.config == "auto" ? config_file_of(catalog) : options.model.config});
  return {std::move(catalog), std::move(rules)};
}

LayoutOptions layout_options(LoaderOptions const& options) {
  return {.pipeline_layers = options.topology.pipeline_layers,
          .transpose = options.load.transpose,
          .uneven = options.topology.uneven == UnevenCuts::allow,
          .missing = options.model.missing,
          .unexpected = options.model.unexpected,
          .fuse = options.model.fuse,
          .split = options.model.split,
          .config_file = options.model.config == "auto" ? "" : options.model.config};
}

void fuse_parameters(OpenedCheckpoint& opened) {
  if (opened.layout.fusions.empty()) return;
  auto fused = fuse(opened.catalog, opened.layout);
  opened.stored = {std::exchange(opened.catalog, std::move(fused.catalog)), std::move(fused.stored_extents)};
  opened.layout = std::move(fused.layout);
}

OpenedCheckpoint open_alone(LoaderOptions const& options, Topology const& topology) {
  OpenedCheckpoint opened;
  auto read = read_metadata(options, CutShort::accept);
  opened.catalog = std::move(read.catalog);
  auto layout_as = layout_options(options);
  auto const partition = [&] {
    opened.layout =
        partition_model(opened.catalog, topology, read.rules, opened.catalog.metadata.config_json, layout_as);
  };
  partition();
  for (auto const& [alias, target] : opened.layout.untied) {
    auto const& stored = opened.catalog.tensors[alias];
    if (same_bytes(opened.catalog, stored, opened.catalog.tensors[target])) layout_as.same_bytes.push_back(stored.name);
  }
  if (!layout_as.same_bytes.empty()) partition();
  opened.recipe = make_recipe(opened.catalog, std::move(read.rules), std::move(layout_as), options.load.dtype);
  fuse_parameters(opened);
  return opened;
}

}  // namespace distload
