/// apply_setting: applies a setting from the command line or environment to a Config.
#pragma once

#include <distload/config/parse_config.hpp>

namespace distload {

/// @throws ConfigError  unknown key, or a value of the wrong kind; names the setting's origin.
void apply_setting(Setting const& setting, Config& config);

}  // namespace distload
