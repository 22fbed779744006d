/// help_text, manual_page: what --help prints, and the man page.
#pragma once

#include <string>

#include "app/program_app.hpp"

namespace distload {

/// Examples first, then how the program is used, its options, and those of its commands. If a command was given on
/// the command line, only what belongs to it.
std::string help_text(ProgramApp const& app);

/// The page of section 1 in troff's macros `man`.
std::string manual_page(ProgramApp const& app);

}  // namespace distload
