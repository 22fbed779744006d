/// Where the rule files of the model families lie.
#pragma once

#include <string>
#include <vector>

namespace distload {

/// The folder installed beside the running program, then the one in the source tree that this library was built from.
/// Existing ones only.
std::vector<std::string> default_rule_directories();

}  // namespace distload
