/// Settings as messages between ranks: one rank reads command line and environment for all.
#pragma once

#include <span>
#include <vector>

#include <distload/config/parse_config.hpp>

#include "base/wire.hpp"

namespace distload {

void put_settings(WireWriter& out, std::span<Setting const> settings);
std::vector<Setting> get_settings(WireReader& in);

}  // namespace distload
