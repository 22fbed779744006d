// Converts exceptions to exit codes.
#include "base/serial_program.hpp"

#include <cerrno>
#include <csignal>
#include <exception>
#include <new>

#include "base/log.hpp"
#include "base/standard_streams.hpp"

namespace distload {

namespace {

/// Ends the process by SIGPIPE if the reader of stdout has closed the pipe, as `head` does; prints no message.
void end_if_stdout_has_no_reader() {
  if (output_failure() != EPIPE) return;
  std::signal(SIGPIPE, SIG_DFL);
  std::raise(SIGPIPE);
}

}  // namespace

int run_serial_program(std::function<ExitCode()> const& body) {
  protect_standard_streams();
  try {
    auto const code = body();
    end_if_stdout_has_no_reader();
    check_output();
    return static_cast<int>(code);
  } catch (Error const& error) {
    log().error(error.what());
    return static_cast<int>(error.code());
  } catch (std::bad_alloc const&) {
    log().error("out of memory");
    return static_cast<int>(ExitCode::out_of_budget);
  } catch (std::exception const& error) {
    log().error(error.what());
    return static_cast<int>(ExitCode::internal);
  }
}

}  // namespace distload
