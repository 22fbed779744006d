/// The program's stdin, stdout and stderr: results go to stdout, and a stdout that does not take them is an error.
#pragma once

#include <optional>
#include <string_view>

namespace distload {

/// Local: comes first in a main function, before any library opens files.
///
/// Where a standard stream is closed, its number is kept from the files that are opened later, so that no message can
/// get into a checkpoint. Writes to a pipe without a reader, and beyond the limit of file sizes, fail from now on as
/// any other write does, instead of ending the process by SIGPIPE or SIGXFSZ: a save is not lost for the sake of a line
/// of text.
void protect_standard_streams() noexcept;

/// Local: writes `text` to stdout, at once. Never fails: what the program was started for goes on, and
/// `check_output` tells at its end. After a failure nothing more is written.
void print(std::string_view text) noexcept;

/// Local: the system's error number for the first output that stdout has not taken; nothing if it has taken all, of the
/// C library's functions as well.
std::optional<int> output_failure() noexcept;

/// Local, at the end of a program.
/// @throws IoError  stdout has not taken all that was printed.
void check_output();

}  // namespace distload
