/// The folders of the rule files of model families.
#pragma once

#include <string>
#include <vector>

namespace distload {

/// The existing folders of data_directories("models").
std::vector<std::string> default_rule_directories();

}  // namespace distload
