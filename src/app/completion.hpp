/// completion: the scripts by which shells complete the command line of a program.
#pragma once

#include <string>

#include "app/program_app.hpp"

namespace distload {

/// For bash, with or without the package bash-completion.
std::string bash_completion(ProgramApp const& app);

/// For zsh: a function that `compinit` finds as _PROGRAM.
std::string zsh_completion(ProgramApp const& app);

std::string fish_completion(ProgramApp const& app);

}  // namespace distload
