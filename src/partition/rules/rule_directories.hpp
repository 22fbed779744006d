/// Where the rule files of the model families lie.
#pragma once

#include <string>
#include <vector>

namespace distload {

/// The folder installed beside the running program, the one in the prefix that this library was configured for (a
/// program that links it lies elsewhere), and the one in the source tree that it was built from. Existing ones only.
std::vector<std::string> default_rule_directories();

}  // namespace distload
