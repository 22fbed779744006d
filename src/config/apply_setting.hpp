/// apply_setting: puts what comes from outside the file into a Config.
#pragma once

#include <distload/config/parse_config.hpp>

namespace distload {

/// @throws ConfigError  names the setting's origin: an unknown key, or a value of the wrong kind.
void apply_setting(Setting const& setting, Config& config);

}  // namespace distload
