// Places described tensors one behind the other.
#include "load/described_catalog.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "checkpoint/open/step_directory.hpp"
#include "checkpoint/packed_shape.hpp"
#include "checkpoint/safetensors/find_shards.hpp"
#include "checkpoint/safetensors/model_config_file.hpp"
#include "checkpoint/unloadable.hpp"
#include "partition/describe_model.hpp"
#include "partition/rules/rule_directories.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;

constexpr char const* kConfigFile = "config.json";

/// The config.json that `path` is, or that is in this folder without weights.
std::optional<fs::path> lone_config_of(std::string const& path) {
  fs::path file(path);
  std::error_code error;
  if (!fs::is_directory(file, error)) {
    return file.filename() == kConfigFile && fs::is_regular_file(file, error) ? std::optional(file) : std::nullopt;
  }
  auto config = file / kConfigFile;
  // Pickles and the like are weights as well: opening the folder says what to do with them.
  bool const has_weights =
      has_model_file(path) || has_any_shard(path) || !list_steps(path).empty() || what_directory_holds(path);
  return !has_weights && fs::is_regular_file(config, error) ? std::optional(config) : std::nullopt;
}

void add_tensors(Catalog& catalog, std::vector<TensorDescription> tensors) {
  std::ranges::sort(tensors, {}, &TensorDescription::name);
  auto& file = catalog.files.emplace_back();
  for (auto& described : tensors) {
    auto const number = static_cast<std::uint32_t>(catalog.tensors.size());
    TensorInfo tensor;
    tensor.name = std::move(described.name);
    tensor.dtype = described.dtype;
    tensor.shape = described.shape;
    tensor.first_extent = number;
    tensor.extent_count = 1;
    catalog.extents.push_back({.tensor = number,
                               .file = 0,
                               .offset_bytes = file.size_bytes,
                               .nbytes = tensor.nbytes(),
                               .box = whole(tensor.shape)});
    // safetensors places types by size, so that every tensor is aligned to its elements.
    file.size_bytes = round_up(file.size_bytes + tensor.nbytes(), sizeof(double));
    catalog.metadata.model_size += count_numbers(tensor.dtype, tensor.shape);
    catalog.tensors.push_back(std::move(tensor));
  }
}

}  // namespace

std::optional<Catalog> described_catalog(LoaderOptions const& options) {
  auto const config = lone_config_of(options.checkpoint.path);
  if (!config) return std::nullopt;
  Catalog catalog;
  catalog.format = SourceFormat::safetensors;
  catalog.path = options.checkpoint.path;
  catalog.described = true;
  read_model_config(fs::absolute(*config).parent_path(), catalog.metadata);
  auto const rules = find_rules({options.model.family, catalog.metadata.config_json, default_rule_directories(),
                                 options.model.rules, config->string()});
  add_tensors(catalog, describe_model(rules, catalog.metadata.config_json, {{}, config->string()}));
  catalog.files.front().path = config->string();
  std::error_code error;
  bool const is_folder = fs::is_directory(options.checkpoint.path, error);
  catalog.warnings.push_back(options.checkpoint.path +
                             (is_folder ? ": there are no weights" : ": no weights beside it are read") +
                             ", so that it can be planned for, but not be loaded: the tensors "
                             "are those that config.json and the rules of its family describe");
  return catalog;
}

}  // namespace distload
