/// data_directories: the folders of files that are installed with the program.
#pragma once

#include <string>
#include <vector>

namespace distload {

/// The folders `folder` of config/ ("models", "machines"): installed with the running program, in the prefix that this
/// library was configured for (for programs that link it), in the source tree it was built from, in the prefix
/// DISTLOAD_ROOT of the environment, and in /usr. Only existing folders.
std::vector<std::string> data_directories(std::string const& folder);

/// Before all of these: `folder`, which has "models" and "machines", for a program of others in whose folders distload
/// is not installed, as Python. Call it before threads start.
void add_data_directory(std::string folder);

}  // namespace distload
