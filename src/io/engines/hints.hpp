/// Hints for MPI-IO, as given by the user.
#pragma once

#include <map>
#include <string>

namespace distload {

/// Key and value, e.g. {"romio_cb_read", "enable"}; MPI ignores unknown keys.
using Hints = std::map<std::string, std::string>;

}  // namespace distload
