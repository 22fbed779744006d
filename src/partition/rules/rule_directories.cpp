// Finds the folders of rule files.
#include "partition/rules/rule_directories.hpp"

#include "config/data_directories.hpp"

namespace distload {

std::vector<std::string> default_rule_directories() { return data_directories("models"); }

}  // namespace distload
