// Checks every key, then combinations of keys.
#include <distload/config/validate.hpp>

#include <string_view>

#include <distload/base/error.hpp>

#include "config/scalar.hpp"
#include "config/schema.hpp"

namespace distload {
namespace {

void refuse_if(bool is_wrong, char const* why) {
  if (is_wrong) throw ConfigError(why);
}

bool is_in(ConfigKey const& key, std::string_view section) { return key.name.starts_with(section); }

void check_key(ConfigKey const& key, Config const& config) {
  try {
    key.check(config);
  } catch (ScalarError const& error) {
    throw ConfigError("`" + key.name + "` " + error.what());
  }
}

/// Checks the keys that `is_meant` selects.
template <class IsMeant>
void check_keys(Config const& config, IsMeant const& is_meant) {
  for (auto const& key : config_keys()) {
    if (is_meant(key)) check_key(key, config);
  }
}

/// Checks combinations of a loader's options.
void check_combinations(LoaderOptions const& options) {
  refuse_if(options.checkpoint.path.empty(), "`checkpoint.path` is missing: which checkpoint is to be loaded?");
  refuse_if(options.load.transpose && !options.model.split.empty(),
            "`load.transpose` and `model.split` exclude each other: the parts of a transposed matrix do not lie one "
            "after the other");
}

void check_combinations(SaveOptions const& save) {
  refuse_if(save.directory.empty(), "`save.directory` is missing: where is the checkpoint to be saved?");
  refuse_if(save.async && save.engine == WriteEngine::collective,
            "`save.async` and `save.engine: collective` exclude each other: HDF5 is not made for several threads");
  refuse_if(save.stream && save.async,
            "`save.stream` and `save.async` exclude each other: nothing is in memory to copy");
  if (save.format != SourceFormat::safetensors) return;
  refuse_if(save.engine == WriteEngine::collective,
            "`save.engine: collective` writes HDF5: not together with `save.format: safetensors`");
  refuse_if(!save.base.empty(), "`save.base` compares checksums, which `save.format: safetensors` has not");
}

/// Checks combinations of the section `save` with others.
void check_combinations(LoaderOptions const& options, SaveOptions const& save) {
  refuse_if(options.load.transpose,
            "`load.transpose` and a `save` section exclude each other: transposed weights are no checkpoint of the "
            "model's family");
  refuse_if(save.format == SourceFormat::safetensors && (!options.model.fuse.empty() || !options.model.split.empty()),
            "`save.format: safetensors` writes what the model's family stores: not together with `model.fuse` or "
            "`model.split`");
}

}  // namespace

void validate(LoaderOptions const& options) {
  check_combinations(options);
  Config config;
  static_cast<LoaderOptions&>(config) = options;
  check_keys(config, [](ConfigKey const& key) { return !is_in(key, "save."); });
}

void validate(SaveOptions const& options) {
  check_combinations(options);
  Config config;
  config.save = options;
  check_keys(config, [](ConfigKey const& key) { return is_in(key, "save."); });
}

void validate(RuntimeOptions const& options) {
  Config config;
  config.runtime = options;
  check_keys(config, [](ConfigKey const& key) { return is_in(key, "runtime."); });
}

void validate(Config const& config) {
  validate(static_cast<LoaderOptions const&>(config));
  check_keys(config, [](ConfigKey const& key) { return is_in(key, "report."); });
  if (!config.save) return;
  validate(*config.save);
  check_combinations(config, *config.save);
}

}  // namespace distload
