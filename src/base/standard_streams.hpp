/// The program's stdin, stdout and stderr. Results go to stdout; a failed write to stdout is an error.
#pragma once

#include <optional>
#include <string_view>

namespace distload {

/// Local: must be called first in main, before a library opens a file.
///
/// Opens closed standard streams on /dev/null, so that no file opened later gets their numbers and no message is
/// written into a checkpoint. Ignores SIGPIPE and SIGXFSZ: writes to a pipe without reader and beyond the file size
/// limit return an error instead of ending the process during a save.
void protect_standard_streams() noexcept;

/// Local: writes `text` to stdout, unbuffered. Never throws: the work continues, and `check_output` reports the failure
/// at the end. After a failure nothing more is written.
void print(std::string_view text) noexcept;

/// Local: errno of the first output that failed, including output of C library functions; nothing if all output
/// succeeded.
std::optional<int> output_failure() noexcept;

/// Local: called at the end of a program.
/// @throws IoError  some output to stdout failed.
void check_output();

}  // namespace distload
