/// The folders of the rule files of model families.
#pragma once

#include <string>
#include <vector>

namespace distload {

/// The folder installed with the running program, the folder in the prefix that this library was configured for (for
/// programs that link it), and the folder in the source tree it was built from. Only existing folders.
std::vector<std::string> default_rule_directories();

}  // namespace distload
