/// run_serial_program: what the main function of a small program without MPI consists of.
#pragma once

#include <functional>

#include <distload/base/error.hpp>

namespace distload {

/// Runs `body` and returns the exit code for main: what `body` returns, or, after an exception, the code that belongs
/// to it, with "distload: error: <message>" on stderr. Results that stdout does not take are an I/O error; a pipe that
/// nobody reads any more ends the program by SIGPIPE when `body` has returned.
int run_serial_program(std::function<ExitCode()> const& body);

}  // namespace distload
