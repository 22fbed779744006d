// Converts YAML to a Config.
#include <distload/config/parse_config.hpp>

#include <utility>

#include <distload/base/error.hpp>
#include <distload/config/validate.hpp>

#include "config/apply_setting.hpp"
#include "config/read_document.hpp"
#include "config/schema.hpp"

namespace distload {
namespace {

/// All keys of a configuration.
class ConfigKeys final : public DocumentKeys {
 public:
  explicit ConfigKeys(Config& config) : config_(config) {}

  std::string_view noun() const override { return "configuration"; }
  bool has_section(std::string const& section) const override { return is_config_section(section); }
  void enter(std::string const& section) override {
    // An empty section enables saving, so that validation reports the missing directory.
    if (section == "save" && !config_.save) config_.save.emplace();
  }
  std::string suggest_section(std::string const& section) const override { return suggest_config_section(section); }
  bool has(std::string const& key) const override { return find_config_key(key) != nullptr; }
  bool takes_list(std::string const& key) const override { return find_config_key(key)->takes_list; }
  std::string suggest(std::string const& key) const override { return suggest_config_key(key); }
  std::optional<std::string> map_of(std::string const& key) const override {
    return key + "." == kHintsPrefix ? std::optional<std::string>("MPI-IO hints") : std::nullopt;
  }
  void set(std::string const& key, std::string const& value) override {
    if (key.starts_with(kHintsPrefix)) return set_hint(config_, key, value);
    find_config_key(key)->set(config_, value);
  }

 private:
  Config& config_;
};

}  // namespace

Config parse_config(std::string const& text, std::string const& file_name, std::span<Setting const> overrides,
                    Config defaults) {
  auto config = std::move(defaults);
  ConfigKeys keys(config);
  read_document(text, file_name, keys);
  for (auto const& setting : overrides) apply_setting(setting, config);
  try {
    validate(config);
  } catch (ConfigError const& error) {
    throw ConfigError(file_name + ": " + error.what());
  }
  return config;
}

}  // namespace distload
