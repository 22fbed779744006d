/// run_serial_program: the common part of the main functions of programs without MPI.
#pragma once

#include <functional>

#include <distload/base/error.hpp>

namespace distload {

/// Runs `body` and returns the exit code for main: that of `body` or, after an exception, the exception's, with
/// "distload: error: <message>" on stderr. Results that could not be written to stdout are an I/O error; if stdout is a
/// pipe without reader, the program ends by SIGPIPE after `body` returns.
int run_serial_program(std::function<ExitCode()> const& body);

}  // namespace distload
