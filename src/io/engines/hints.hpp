/// Hints for MPI-IO, as the user writes them.
#pragma once

#include <map>
#include <string>

namespace distload {

/// Key and value, e.g. {"romio_cb_read", "enable"}; what MPI does not know it ignores.
using Hints = std::map<std::string, std::string>;

}  // namespace distload
